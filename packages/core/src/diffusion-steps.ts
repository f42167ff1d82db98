import { assertInteger, InvalidOptionError } from './errors.js';
import { MAX_DIFFUSION_STEPS } from './plan.js';

/**
 * How long: the diffusion steps of every token of a sampling step.
 *
 * @param step.step k, from 0
 * @param step.steps K, the sampling steps of the image
 * @returns an integer from 1 to `MAX_DIFFUSION_STEPS`, and one that the sampler can take
 */
export type DiffusionStepSchedule = (step: { readonly step: number; readonly steps: number }) => number;

/**
 * The same number of diffusion steps for every token.
 *
 * @throws InvalidOptionError where it is not an integer from 1 to {@link MAX_DIFFUSION_STEPS}
 */
export function constantDiffusionSteps(count: number): DiffusionStepSchedule {
  assertInteger('diffusionSteps', count, 1, MAX_DIFFUSION_STEPS);
  return () => count;
}

const SHAPES = ['linear', 'cosine', 'two-stage'] as const;

export interface AnnealedDiffusionStepsOptions {
  /** Diffusion steps of the first sampling step. @default 50 */
  readonly from?: number;
  /** Diffusion steps of the last sampling step. @default 5 */
  readonly to?: number;
  /** How they fall; `two-stage` is `from` in the first half of the run and `to` in the second. @default 'linear' */
  readonly shape?: (typeof SHAPES)[number];
}

/**
 * DiSA's annealing: with k the step, u = K − 1 and d = from − to,
 *
 * - linear: `to + ⌊(u − k)/u·d⌋` in float64, the fraction first, as DiSA's own code computes it. Where the exact result is an
 *   integer, the rounding can lose a diffusion step: from 50 to 5, two sampling steps of K = 46, 91, 136, 181 and 226 do
 * - cosine: `to + ⌊d·(cos(πk/u) + 1)/2⌋`
 * - two-stage: `from` where k < u/2, else `to`
 *
 * A run of a single step gets `from`.
 *
 * @throws InvalidOptionError where an option is out of range
 * @example
 * const policy = randomOrder({ diffusionSteps: annealedDiffusionSteps({ from: 50, to: 5 }) });
 */
export function annealedDiffusionSteps(options: AnnealedDiffusionStepsOptions = {}): DiffusionStepSchedule {
  const { from = 50, to = 5, shape = 'linear' } = options;
  assertInteger('from', from, 1, MAX_DIFFUSION_STEPS);
  assertInteger('to', to, 1, MAX_DIFFUSION_STEPS);
  if (!SHAPES.includes(shape))
    throw new InvalidOptionError('shape', shape, `must be one of ${SHAPES.join(', ')}`);
  return ({ step, steps }) => {
    const last = steps - 1;
    if (last <= 0) return from;
    if (shape === 'two-stage') return step < last / 2 ? from : to;
    if (shape === 'linear') return to + Math.floor(((last - step) / last) * (from - to));
    return to + Math.floor(((from - to) * (Math.cos((Math.PI * step) / last) + 1)) / 2);
  };
}

/**
 * A number as the schedule that always returns it; a schedule with its results checked.
 *
 * @throws InvalidOptionError where a number, or from the schedule where a result, is out of range
 */
export function diffusionStepSchedule(steps: number | DiffusionStepSchedule): DiffusionStepSchedule {
  if (typeof steps === 'number') return constantDiffusionSteps(steps);
  return (step) => {
    const count = steps(step);
    assertInteger(`diffusionSteps at step ${step.step}`, count, 1, MAX_DIFFUSION_STEPS);
    return count;
  };
}
