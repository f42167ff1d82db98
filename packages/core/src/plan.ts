import { UnsupportedPredictionError } from './diffusion/diffusion-process.js';
import type { SamplerFunction } from './diffusion/function-sampler.js';
import type { SamplerCoefficients } from './diffusion/sampler-coefficients.js';
import { assertInteger, InvalidPlanError, ShapeMismatchError, wordsOf } from './errors.js';
import type { TokenGrid } from './grid.js';
import type { SamplingPolicy } from './policy.js';

/** The most diffusion steps that a plan can hold for a token. */
export const MAX_DIFFUSION_STEPS = 65_535;

const MAX_POSITION = 2 ** 32 - 1;

/** What one step of one image decodes, and how many diffusion steps each token gets. Plain data. */
export interface StepPlan {
  /** A name for this part of the run, e.g. `generation` or `reconstruction`; refinements may be bound to it. */
  readonly stage: string;
  /** [n], positions to decode, n ≥ 1, each masked and named once. */
  readonly positions: Uint32Array;
  /**
   * [n], diffusion steps of each, in the order of `positions`, 1 … {@link MAX_DIFFUSION_STEPS}. The sampler may take
   * fewer: ancestral and DDIM 2 … 1000.
   */
  readonly diffusionSteps: Uint16Array;
}

/**
 * Builds a {@link StepPlan} from ordinary arrays.
 *
 * @param positions [n], integers from 0
 * @param diffusionSteps one number for all tokens, or [n]; integers from 1 to {@link MAX_DIFFUSION_STEPS}
 * @throws InvalidOptionError where one is out of range, ShapeMismatchError where their numbers differ
 */
export function stepPlan(
  stage: string,
  positions: ArrayLike<number>,
  diffusionSteps: number | ArrayLike<number>,
): StepPlan {
  const count = positions.length;
  const one = typeof diffusionSteps === 'number';
  if (!one && diffusionSteps.length !== count) {
    throw new ShapeMismatchError('diffusionSteps [n]', [count], [diffusionSteps.length]);
  }
  const checked = (option: string, value: number, min: number, max: number): number => {
    assertInteger(option, value, min, max);
    return value;
  };
  const stepsOf = (i: number): number => (one ? diffusionSteps : diffusionSteps[i]!);
  return {
    stage,
    positions: Uint32Array.from({ length: count }, (_, i) =>
      checked(`positions[${i}]`, positions[i]!, 0, MAX_POSITION),
    ),
    diffusionSteps: Uint16Array.from({ length: count }, (_, i) =>
      checked('diffusionSteps', stepsOf(i), 1, MAX_DIFFUSION_STEPS),
    ),
  };
}

/**
 * What a policy plans at a step, its plan not yet looked at.
 *
 * @throws InvalidPlanError where that is no pair [plan, state], and whatever the policy throws
 */
export function plannedBy<State>(
  policy: SamplingPolicy<State>,
  state: State,
  seen: { readonly step: number; readonly grid: TokenGrid },
): readonly [plan: StepPlan, next: State] {
  const planned = policy.step(state, seen);
  if (!Array.isArray(planned)) {
    throw new InvalidPlanError(policy.name, seen.step, 'step must return [plan, state]');
  }
  return planned as readonly [StepPlan, State];
}

/**
 * The same plan with positions ascending, the order in which every model sees them.
 *
 * @param sampler makes a table of each count of diffusion steps, so that a count that it refuses is found before the
 *   model runs for this step. @default none
 * @throws InvalidPlanError where it is no plan, or names nothing, a position twice, one outside the grid or one that is
 *   known already, or a count of diffusion steps that can't be had
 * @throws UnsupportedPredictionError where the sampler can't sample what the model predicts
 */
export function checkedPlan(
  plan: StepPlan,
  known: Uint8Array,
  policy: string,
  step: number,
  sampler?: (diffusionSteps: number) => SamplerCoefficients | SamplerFunction,
): StepPlan {
  const fail = (problem: string, cause?: unknown): never => {
    throw new InvalidPlanError(policy, step, problem, cause === undefined ? {} : { cause });
  };
  if (!plan?.positions || !plan.diffusionSteps)
    fail('it must return a plan, { stage, positions, diffusionSteps }');
  const count = plan.positions.length;
  if (count === 0) fail('the plan names no position, so the image would never be finished');
  if (plan.diffusionSteps.length !== count) {
    fail(`${count} positions but ${plan.diffusionSteps.length} diffusion step counts`);
  }
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => plan.positions[a]! - plan.positions[b]!,
  );
  let previous = -1;
  for (const i of order) {
    const position = plan.positions[i]!;
    const steps = plan.diffusionSteps[i]!;
    if (!Number.isInteger(position) || position < 0 || position >= known.length)
      fail(`position ${position} is outside the grid of ${known.length} tokens`);
    if (known[position]) fail(`position ${position} is already known`);
    if (previous === position) fail(`position ${position} is named twice`);
    if (!Number.isInteger(steps) || steps < 1 || steps > MAX_DIFFUSION_STEPS)
      fail(`position ${position} has ${steps} diffusion steps`);
    previous = position;
  }
  for (const steps of new Set(plan.diffusionSteps)) {
    try {
      const made = sampler?.(steps);
      // A faulty sampler may return anything.
      if (sampler && !(made && ('steps' in made || 'run' in made)))
        throw new TypeError('it returned neither coefficients nor a function');
    } catch (error) {
      if (UnsupportedPredictionError.isInstance(error)) throw error;
      const reason = error instanceof Error ? error.message : `it threw ${wordsOf(error)}`;
      fail(`the sampler can't take ${steps} diffusion steps (${reason})`, error);
    }
  }
  return {
    stage: plan.stage,
    positions: Uint32Array.from(order, (i) => plan.positions[i]!),
    diffusionSteps: Uint16Array.from(order, (i) => plan.diffusionSteps[i]!),
  };
}
