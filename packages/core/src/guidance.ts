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

/** A token at a diffusion timestep. */
export interface TokenGuidanceContext {
  /** Of the model's training: 0 … N − 1 for ε, σ · `trainSteps` for velocity. Noise grows with it. */
  readonly timestep: number;
  /** Of the token in the grid, row-major. */
  readonly position: number;
}

/** The scale of each token at each diffusion timestep; a pure function. */
export type TokenGuidance = (token: TokenGuidanceContext) => number;

/**
 * How strongly: the scale s of classifier-free guidance at a step, ε = ε_u + s·(ε_c − ε_u), or of the velocity. One number
 * for the step, or a function of timestep and position. A step at scale 1 makes no unconditional pass; with a function, if
 * it is 1 at all positions and timesteps of the step. A scale is a finite number ≥ 0.
 *
 * @example
 * ```ts
 * // Guides at medium noise only (Kynkäänniemi et al. 2024).
 * const guidance = () => ({ timestep }) => (timestep > 200 && timestep <= 800 ? 3 : 1);
 * await generateImages({ model, requests, guidance });
 * ```
 */
export type GuidanceSchedule = (step: GuidanceContext) => number | TokenGuidance;

/** A schedule that has one scale for all tokens of a step. */
export type StepGuidance = (step: GuidanceContext) => number;

/**
 * The same scale at every step.
 *
 * @throws InvalidOptionError where the scale is not a finite number ≥ 0
 * @example
 * await generateImages({ model, requests, guidance: constantGuidance(3) });
 */
export function constantGuidance(scale: number): StepGuidance {
  assertNumber('scale', scale, 0);
  return () => scale;
}

/**
 * MAR's linear schedule: 1 + (scale − 1)·(L − maskedAfter)/L, in float32 as the reference computes it. The reference
 * still counts one masked token after the last step, so the full scale is never reached.
 *
 * @throws InvalidOptionError where the scale is not a finite number ≥ 0
 * @example
 * await generateImages({ model, requests, guidance: linearGuidance(3) });
 */
export function linearGuidance(scale: number): StepGuidance {
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
 * @example
 * const guidance = intervalGuidance({ scale: 3, above: 0.2, upTo: 0.8 });
 */
export function intervalGuidance(options: { scale: number; above?: number; upTo?: number }): StepGuidance {
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

/**
 * A function's scales.
 *
 * @returns [S, n], the timesteps by the positions
 * @throws InvalidOptionError where one is not a finite number ≥ 0
 */
export function tokenScales(
  guidance: TokenGuidance,
  timesteps: readonly number[],
  positions: Uint32Array,
): Float32Array {
  const scales = new Float32Array(timesteps.length * positions.length);
  for (const [s, timestep] of timesteps.entries()) {
    for (const [i, position] of positions.entries()) {
      const scale = guidance({ timestep, position });
      assertNumber(`guidance at timestep ${timestep}, position ${position}`, scale, 0);
      scales[s * positions.length + i] = scale;
    }
  }
  return scales;
}
