import { UnsupportedPredictionError } from './diffusion/diffusion-process.js';
import type { BoundSampler } from './diffusion/diffusion-sampler.js';
import { InvalidPlanError, wordsOf } from './errors.js';
import type { TokenGrid } from './grid.js';
import { MAX_DIFFUSION_STEPS, type StepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';

/** What a plan is checked against. */
export interface PlanCheck {
  /** The policy's name, for errors. */
  readonly policy: string;
  readonly step: number;
  /** [L], before the step. */
  readonly known: Uint8Array;
  /** [L], 1 where a token was given at the start. */
  readonly given: Uint8Array;
  /**
   * Called with each count of diffusion steps, so that a count that it refuses is found before the model runs for this step.
   * @default none
   */
  readonly sampler?: BoundSampler;
}

/**
 * The next step of a policy; its plan is not checked.
 *
 * @throws InvalidPlanError if the step is no pair [plan, state], and whatever the policy throws
 */
export function stepPolicy<State>(
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
 * @throws InvalidPlanError if it is no plan, or names nothing, a position twice, one outside the grid, one to decode that
 *   is known already, one to remask that is masked or was given at the start, or a count of diffusion steps that can't be
 *   taken
 * @throws UnsupportedPredictionError if the sampler can't sample what the model predicts
 */
export function checkedPlan(plan: StepPlan, { policy, step, known, given, sampler }: PlanCheck): StepPlan {
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
  /** Indices into `positions` in the order of the grid; each position is in the grid, and named once. */
  const ascending = (positions: Uint32Array): number[] => {
    const order = [...positions.keys()].sort((a, b) => positions[a]! - positions[b]!);
    for (const [i, at] of order.entries()) {
      const position = positions[at]!;
      if (!Number.isInteger(position) || position < 0 || position >= known.length)
        fail(`position ${position} is outside the grid of ${known.length} tokens`);
      if (i > 0 && positions[order[i - 1]!] === position) fail(`position ${position} is named twice`);
    }
    return order;
  };
  const order = ascending(plan.positions);
  for (const i of order) {
    const position = plan.positions[i]!;
    const steps = plan.diffusionSteps[i]!;
    if (known[position]) fail(`position ${position} is already known`);
    if (!Number.isInteger(steps) || steps < 1 || steps > MAX_DIFFUSION_STEPS)
      fail(`position ${position} has ${steps} diffusion steps`);
  }
  const remasked = plan.remasked && Uint32Array.from(ascending(plan.remasked), (i) => plan.remasked![i]!);
  for (const position of remasked ?? []) {
    if (given[position]) fail(`position ${position} was given at the start, so it can’t be remasked`);
    if (!known[position]) fail(`position ${position} is masked already, so it can’t be remasked`);
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
    ...(remasked ? { remasked } : {}),
  };
}
