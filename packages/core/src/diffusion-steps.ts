import { assertInteger } from './errors.js';

/** The most that a plan can hold; see `StepPlan.diffusionSteps`. */
const MOST = 65_535;

/**
 * How long: the diffusion steps of every token of a sampling step.
 *
 * @param step.index k, from 0
 * @param step.total K, the sampling steps of the image
 * @returns an integer from 1 to 65,535
 */
export type DiffusionStepSchedule = (step: { readonly index: number; readonly total: number }) => number;

/** The same number of diffusion steps for every token. */
export function constantSteps(count: number): DiffusionStepSchedule {
  assertInteger('diffusionSteps', count, 1, MOST);
  return () => count;
}

export interface AnnealedStepsOptions {
  /** Diffusion steps of the first sampling step. @default 50 */
  readonly from?: number;
  /** Diffusion steps of the last sampling step. @default 5 */
  readonly to?: number;
  /** How they fall; `two-stage` is `from` in the first half of the run and `to` in the second. @default 'linear' */
  readonly shape?: 'linear' | 'cosine' | 'two-stage';
}

/**
 * DiSA's annealing: with k the step, u = K − 1 and d = from − to,
 *
 * - linear: `to + ⌊d·(u − k)/u⌋`
 * - cosine: `to + ⌊d·(cos(πk/u) + 1)/2⌋`
 * - two-stage: `from` where k < u/2, else `to`
 *
 * A run of a single step gets `from`.
 */
export function annealedSteps(options: AnnealedStepsOptions = {}): DiffusionStepSchedule {
  const { from = 50, to = 5, shape = 'linear' } = options;
  assertInteger('from', from, 1, MOST);
  assertInteger('to', to, 1, MOST);
  return ({ index, total }) => {
    const last = total - 1;
    if (last <= 0) return from;
    if (shape === 'two-stage') return index < last / 2 ? from : to;
    const left = shape === 'linear' ? (last - index) / last : (Math.cos((Math.PI * index) / last) + 1) / 2;
    return to + Math.floor(left * (from - to));
  };
}

/** A number as the schedule that always returns it; a schedule with its results checked. */
export function diffusionStepSchedule(steps: number | DiffusionStepSchedule): DiffusionStepSchedule {
  if (typeof steps === 'number') return constantSteps(steps);
  return (step) => {
    const count = steps(step);
    assertInteger(`diffusionSteps at step ${step.index}`, count, 1, MOST);
    return count;
  };
}
