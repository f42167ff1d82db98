import type { Conditions } from './conditions.js';
import type { TokenGrid } from './grid.js';
import type { NoiseSource } from './noise/source.js';
import type { StepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';

/** What a refinement may look at. */
export interface RefinementContext {
  /** The step's index in its image, from 0. */
  readonly step: number;
  readonly grid: TokenGrid;
  /** z at the plan's positions, in the plan's order. */
  readonly conditions: Conditions;
  readonly noise: NoiseSource;
}

/**
 * How long: may rewrite a plan's diffusion step counts now that z is known, or drop positions, which then stay masked
 * (adaptive and confidence-based policies). It may not add positions.
 */
export type Refinement = (plan: StepPlan, seen: RefinementContext) => StepPlan | Promise<StepPlan>;

/**
 * `policy` with refinements applied, in order, after any it has already.
 *
 * @param policy an object or an instance of a class
 */
export function refine<State>(
  policy: SamplingPolicy<State>,
  ...refinements: readonly Refinement[]
): SamplingPolicy<State> {
  return {
    name: policy.name,
    init: (context) => policy.init(context),
    step: (state, seen) => policy.step(state, seen),
    refinements: [...(policy.refinements ?? []), ...refinements],
  };
}

/** A refinement that acts in one stage only and leaves the plans of all others as they are. */
export function inStage(stage: string, refinement: Refinement): Refinement {
  return (plan, seen) => (plan.stage === stage ? refinement(plan, seen) : plan);
}
