import { InvalidPlanError } from './errors.js';
import { type GridShape, maskedPositions, type TokenGrid } from './grid.js';
import type { NoiseSource } from './noise/source.js';
import type { StepPlan } from './plan.js';
import type { Refinement } from './refinement.js';

/** What a policy is told about the image before its first step. */
export interface PolicyContext {
  readonly shape: GridShape;
  /** [L], 1 where a token is given from the start (editing), else 0. */
  readonly known: Uint8Array;
  /** The image's own source; the same seed gives the same order. */
  readonly noise: NoiseSource;
}

/**
 * Where next: names the positions to decode at each step and a diffusion step count for each.
 *
 * A pair of pure functions: `step` must not change the state it is given, so that a run can be resumed, replayed and
 * tested one step at a time. Called while a position is masked.
 */
export interface SamplingPolicy<State = unknown> {
  readonly name: string;
  init(context: PolicyContext): State;
  step(state: State, seen: { readonly step: number; readonly grid: TokenGrid }): readonly [StepPlan, State];
  /** Applied in order to each plan once its conditions are known; see `refine`. */
  readonly refinements?: readonly Refinement[];
}

interface Planned {
  readonly plans: readonly StepPlan[];
  readonly next: number;
}

/**
 * A policy from a generator of plans, for orders that don't depend on what has been decoded:
 *
 * ```ts
 * const columns = plannedPolicy('columns', function* ({ shape }) {
 *   for (let j = 0; j < shape.width; j++) {
 *     yield stepPlan('generation', Array.from({ length: shape.height }, (_, i) => i * shape.width + j), 50);
 *   }
 * });
 * ```
 *
 * The generator is run to its end before the first step, and yields no more plans than there are positions.
 *
 * Positions that are given from the start (editing) are left out of every plan, and a plan with none left is skipped. A
 * position that two plans name is an error, found where the second of them is carried out. Positions that a refinement
 * dropped are planned again after all others, as they were.
 *
 * @throws InvalidPlanError at the start where there are too many plans; as a run goes on, where a plan can't be carried out, or the plans end and leave a position
 *   masked that none of them names
 */
export function plannedPolicy(
  name: string,
  plan: (context: PolicyContext) => Iterable<StepPlan>,
): SamplingPolicy<Planned> {
  return {
    name,
    init(context) {
      const plans: StepPlan[] = [];
      for (const whole of plan(context)) {
        const masked = withoutKnown(whole, context.known);
        if (isNotEmpty(masked)) plans.push(masked);
        if (plans.length > context.known.length) {
          const problem = `it is one plan more than there are positions, ${context.known.length}; does the generator end?`;
          throw new InvalidPlanError(name, plans.length - 1, problem);
        }
      }
      return { plans, next: 0 };
    },
    step({ plans, next }, { step: index, grid }) {
      const current = plans[next];
      if (current) return [current, { plans, next: next + 1 }];
      const dropped = plans.map((plan) => withoutKnown(plan, grid.known)).filter(isNotEmpty);
      const [first] = dropped;
      if (first) return [first, { plans: dropped, next: 1 }];
      const masked = maskedPositions(grid.known);
      const problem = `the plans are over and name ${masked.length} of the positions nowhere, the first of them ${masked[0]}`;
      throw new InvalidPlanError(name, index, problem);
    },
  };
}

const isNotEmpty = ({ positions }: StepPlan): boolean => positions.length > 0;

function withoutKnown(plan: StepPlan, known: Uint8Array): StepPlan {
  if (!plan.positions.some((position) => known[position])) return plan;
  const kept = [...plan.positions.keys()].filter((i) => !known[plan.positions[i]!]);
  return {
    stage: plan.stage,
    positions: Uint32Array.from(kept, (i) => plan.positions[i]!),
    diffusionSteps: Uint16Array.from(kept, (i) => plan.diffusionSteps[i]!),
  };
}
