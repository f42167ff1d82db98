import { InvalidPlanError, ShapeMismatchError } from './errors.js';

/** What one step of one image decodes, and how many diffusion steps each token gets. Plain data. */
export interface StepPlan {
  /** A name for this part of the run, e.g. `generation` or `reconstruction`; refinements may be bound to it. */
  readonly stage: string;
  /** [n], positions to decode, n ≥ 1, each masked and named once. */
  readonly positions: Uint32Array;
  /** [n], diffusion steps of each, in the order of `positions`, 1 … 65,535. */
  readonly diffusionSteps: Uint16Array;
}

/**
 * Builds a {@link StepPlan} from ordinary arrays.
 *
 * @param diffusionSteps one number for all tokens, or [n]
 */
export function stepPlan(
  stage: string,
  positions: ArrayLike<number>,
  diffusionSteps: number | ArrayLike<number>,
): StepPlan {
  const steps =
    typeof diffusionSteps === 'number'
      ? new Uint16Array(positions.length).fill(diffusionSteps)
      : Uint16Array.from(diffusionSteps);
  if (steps.length !== positions.length) {
    throw new ShapeMismatchError('diffusionSteps [n]', [positions.length], [steps.length]);
  }
  return { stage, positions: Uint32Array.from(positions), diffusionSteps: steps };
}

/**
 * The same plan with positions ascending, the order in which every model sees them.
 * Throws {@link InvalidPlanError} if it names nothing, a position twice, one outside the grid or one that is known
 * already, or a token with no diffusion step.
 */
export function checkedPlan(plan: StepPlan, known: Uint8Array, policy: string, step: number): StepPlan {
  const fail = (problem: string): never => {
    throw new InvalidPlanError(policy, step, problem);
  };
  const count = plan.positions.length;
  if (count === 0) fail('the plan names no position, so the image would never be finished');
  if (plan.diffusionSteps.length !== count) {
    fail(`${count} positions but ${plan.diffusionSteps.length} diffusion step counts`);
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => plan.positions[a]! - plan.positions[b]!,
  );
  const positions = order.map((i) => plan.positions[i]!);
  const diffusionSteps = Uint16Array.from(order, (i) => plan.diffusionSteps[i]!);
  for (let i = 0; i < count; i++) {
    const position = positions[i]!;
    if (position >= known.length) fail(`position ${position} is outside the grid of ${known.length} tokens`);
    if (known[position]) fail(`position ${position} is already known`);
    if (i > 0 && positions[i - 1] === position) fail(`position ${position} is named twice`);
    if (diffusionSteps[i] === 0) fail(`position ${position} has 0 diffusion steps`);
  }
  return { stage: plan.stage, positions, diffusionSteps };
}
