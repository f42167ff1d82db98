import type { Refinement, SamplingPolicy } from './policy.js';

/**
 * `policy` with refinements applied, in order, after any it has already.
 *
 * ```ts
 * const detailed = refine(halton(), (plan) => stepPlan(plan.stage, plan.positions, 60));
 * ```
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
    stepsLeft: (state) => policy.stepsLeft?.(state),
    refinements: [...(policy.refinements ?? []), ...refinements],
  };
}

/**
 * A refinement that acts in one stage only and leaves the plans of all others as they are. `checkPolicy` reports a stage that
 * no plan has.
 *
 * @example
 * const policy = refine(generationThenReconstruction(), inStage('reconstruction', frequencyWeighted()));
 */
export function inStage(stage: string, refinement: Refinement): Refinement {
  const bound: Refinement = (plan, seen) => (plan.stage === stage ? refinement(plan, seen) : plan);
  return Object.assign(bound, { stage });
}
