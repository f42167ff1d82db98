import { assertNumber, InvalidOptionError } from './errors.js';

/** Where a step stands in its image. */
export interface GuidanceContext {
  /** L: all positions of the grid. */
  readonly total: number;
  /** Masked positions before the step. */
  readonly maskedBefore: number;
  /** Masked positions after the step, as planned. */
  readonly maskedAfter: number;
}

/**
 * How strongly: the scale s of classifier-free guidance at a step, ε = ε_u + s·(ε_c − ε_u).
 * A step at scale 1 makes no unconditional pass. A scale is a finite number ≥ 0.
 */
export type GuidanceSchedule = (step: GuidanceContext) => number;

/**
 * The same scale at every step.
 *
 * @throws InvalidOptionError where the scale is not a finite number ≥ 0
 */
export function constantGuidance(scale: number): GuidanceSchedule {
  assertNumber('scale', scale, 0);
  return () => scale;
}

/**
 * MAR's linear schedule: 1 + (scale − 1)·(L − maskedAfter)/L, in float32 as the reference computes it. The reference
 * still counts one masked token after the last step, so the full scale is never reached.
 *
 * @throws InvalidOptionError where the scale is not a finite number ≥ 0
 */
export function linearGuidance(scale: number): GuidanceSchedule {
  assertNumber('scale', scale, 0);
  const { fround } = Math;
  return ({ total, maskedAfter }) => {
    const known = total - Math.max(1, maskedAfter);
    return scale === 1 ? 1 : fround(1 + fround(fround(fround(scale - 1) * known) / total));
  };
}

/**
 * Guidance in a part of the run only (eMIGM): `scale` while the masked fraction before the step lies in
 * (`above`, `upTo`], 1, and so no unconditional pass, elsewhere.
 *
 * @param options.scale the scale inside the interval
 * @param options.above masked fraction at or below which guidance is off. @default 0
 * @param options.upTo masked fraction above which guidance is off. @default 1
 * @throws InvalidOptionError where the scale is not a finite number ≥ 0, or unless 0 ≤ above < upTo ≤ 1
 */
export function intervalGuidance(options: {
  scale: number;
  above?: number;
  upTo?: number;
}): GuidanceSchedule {
  const { scale, above = 0, upTo = 1 } = options;
  assertNumber('scale', scale, 0);
  assertNumber('above', above, 0, 1);
  assertNumber('upTo', upTo, 0, 1);
  if (above >= upTo) throw new InvalidOptionError('above', above, `must be less than upTo = ${upTo}`);
  return ({ total, maskedBefore }) => {
    const masked = maskedBefore / total;
    return masked > above && masked <= upTo ? scale : 1;
  };
}
