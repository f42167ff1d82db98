import type { Conditions } from './conditions.js';
import { InvalidPlanError } from './errors.js';
import { type GridShape, maskedPositions, type TokenGrid } from './grid.js';
import type { NoiseSource } from './noise/source.js';
import { applyPlan, type StepPlan, stepLimit } from './plan.js';

/** What a policy is told about the image before its first step. */
export interface PolicyContext {
  readonly shape: GridShape;
  /** [L], 1 where a token is given from the start (editing), else 0. */
  readonly known: Uint8Array;
  /** The image's own source; the same seed gives the same order. */
  readonly noise: NoiseSource;
}

/** What a refinement may look at. */
export interface RefinementContext {
  /** The step in its image, from 0. */
  readonly step: number;
  readonly grid: TokenGrid;
  /** z at the plan's positions, in the plan's order. */
  readonly conditions: Conditions;
  readonly noise: NoiseSource;
  /** [L], 1 where a token was given at the start, which stays. */
  readonly given: Uint8Array;
  /**
   * How unlikely the model finds known tokens given the other ones: its head's mean squared error for them, [m], in the order of
   * `positions`. They are masked meanwhile, all at once. Each call is a pass of the transformer, and `evaluations` of the head
   * for each token.
   */
  tokenLosses(positions: Uint32Array, evaluations: number): Promise<Float32Array>;
}

/**
 * How long: may rewrite a plan's diffusion step counts now that z is known, drop positions, which then stay masked (adaptive
 * and confidence-based policies), or choose the positions to remask. It may not add positions. A plan returned without
 * `remasked` keeps that of the plan given.
 */
export interface Refinement {
  (plan: StepPlan, seen: RefinementContext): StepPlan | Promise<StepPlan>;
  /** The only stage it acts in; see `inStage`. @default all */
  readonly stage?: string;
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
  /**
   * How many steps are left from a state on, if the policy knows; for progress. What a refinement drops may add steps.
   * @default unknown
   */
  stepsLeft?(state: State): number | undefined;
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
 * The generator is run to its end before the first step. It yields at most as many plans as there are positions, and one
 * more for each position that a plan remasks.
 *
 * Positions that are given from the start (editing) are left out of every plan, and a plan with none left is skipped. A
 * position that is decoded twice without being remasked is an error, found where the second of the plans is carried out.
 * Positions that a refinement dropped are planned again after all others, as they were.
 *
 * @throws InvalidPlanError at the start if there are too many plans; as a run goes on, if a plan can't be carried out, or
 *   the plans end and leave a position masked that none of them names
 */
export function plannedPolicy(
  name: string,
  plan: (context: PolicyContext) => Iterable<StepPlan>,
): SamplingPolicy<Planned> {
  return {
    name,
    init(context) {
      const plans: StepPlan[] = [];
      let most = context.known.length;
      for (const whole of plan(context)) {
        const masked = withoutKnown(whole, context.known);
        if (isNotEmpty(masked)) plans.push(masked);
        most += masked.remasked?.length ?? 0;
        if (plans.length > Math.min(most, stepLimit(context.known.length))) {
          const problem = `it is one plan more than there are positions to decode, ${plans.length - 1}; does the generator end?`;
          throw new InvalidPlanError(name, plans.length - 1, problem);
        }
      }
      return { plans, next: 0 };
    },
    step({ plans, next }, { step, grid }) {
      const current = plans[next];
      if (current) return [remaskingKnown(current, grid.known), { plans, next: next + 1 }];
      const known = grid.known.slice();
      const dropped = plans.flatMap((plan) => {
        const left = withoutKnown({ ...plan, remasked: new Uint32Array() }, known);
        applyPlan(known, left);
        return isNotEmpty(left) ? [left] : [];
      });
      const [first] = dropped;
      if (first) return [first, { plans: dropped, next: 1 }];
      const masked = maskedPositions(grid.known);
      const problem = `the plans are over and name ${masked.length} of the positions nowhere, the first of them ${masked[0]}`;
      throw new InvalidPlanError(name, step, problem);
    },
    stepsLeft: ({ plans, next }) => plans.length - next,
  };
}

const isNotEmpty = ({ positions }: StepPlan): boolean => positions.length > 0;

/** The plan without positions that are known, neither to decode nor to remask. */
function withoutKnown(plan: StepPlan, known: Uint8Array): StepPlan {
  const kept = [...plan.positions.keys()].filter((i) => !known[plan.positions[i]!]);
  return {
    stage: plan.stage,
    positions: Uint32Array.from(kept, (i) => plan.positions[i]!),
    diffusionSteps: Uint16Array.from(kept, (i) => plan.diffusionSteps[i]!),
    ...(plan.remasked ? { remasked: plan.remasked.filter((position) => !known[position]) } : {}),
  };
}

/** A refinement may have dropped what the plan remasks. */
function remaskingKnown(plan: StepPlan, known: Uint8Array): StepPlan {
  if (!plan.remasked) return plan;
  return { ...plan, remasked: plan.remasked.filter((position) => known[position]) };
}
