import { type DiffusionStepSchedule, diffusionStepSchedule } from '../diffusion-steps.js';
import { InvalidOptionError } from '../errors.js';
import { gridLength } from '../grid.js';
import { assertEnough, cosineMaskSchedule, type MaskSchedule } from '../mask-schedule.js';
import { type StepPlan, stepPlan } from '../plan.js';
import { type PolicyContext, plannedPolicy, type SamplingPolicy } from '../policy.js';

/** What every policy with a fixed order can be told. */
export interface OrderedOptions {
  /**
   * K: the number of steps, at most the number of tokens. Where some are known from the start and fewer are masked than
   * there are steps, a step decodes one. @default 64
   */
  readonly steps?: number;
  /** How many tokens each step decodes. @default cosineMaskSchedule (MAR); haltonMaskSchedule for `halton` */
  readonly maskSchedule?: MaskSchedule;
  /** Diffusion steps of each token: one number, or a schedule over the steps. @default 100 */
  readonly diffusionSteps?: number | DiffusionStepSchedule;
  /** The stage that the plans are marked with. @default 'generation' */
  readonly stage?: string;
}

export interface OrderedPolicyOptions extends OrderedOptions {
  readonly name: string;
  /**
   * The order of decoding: every masked position once. Positions that are known already may be among them and are left
   * out.
   */
  readonly order: (context: PolicyContext) => ArrayLike<number>;
}

/**
 * Order × tokens per step × diffusion steps per token: three free choices that make a policy.
 *
 * The policy throws {@link InvalidOptionError} at the start of an image where the grid has fewer tokens than there are
 * steps, where the order misses, repeats or invents a position, or where `maskSchedule` or a schedule of diffusion steps
 * returns what can't be.
 *
 * @throws InvalidOptionError where `diffusionSteps` is a number out of range
 * @example
 * const backwards = orderedPolicy({ name: 'backwards', order: ({ known }) => [...known.keys()].reverse() });
 */
export function orderedPolicy(options: OrderedPolicyOptions): SamplingPolicy {
  const {
    name,
    order,
    steps = 64,
    maskSchedule = cosineMaskSchedule,
    diffusionSteps = 100,
    stage = 'generation',
  } = options;
  const schedule = diffusionStepSchedule(diffusionSteps);
  return plannedPolicy(name, function* (context): Generator<StepPlan> {
    const positions = maskedInOrder(order(context), context);
    if (positions.length === 0) return;
    // An edit of few tokens is no mistake in the policy; a whole grid of fewer tokens than steps is.
    assertEnough(gridLength(context.shape), steps);
    const perStep = maskSchedule(positions.length, Math.min(steps, positions.length));
    assertCounts(perStep, positions.length);
    let decoded = 0;
    for (const [index, count] of perStep.entries()) {
      const chosen = positions.subarray(decoded, decoded + count);
      yield stepPlan(stage, chosen, schedule({ step: index, steps: perStep.length }));
      decoded += count;
    }
  });
}

function maskedInOrder(order: ArrayLike<number>, { shape, known }: PolicyContext): Uint32Array {
  const length = gridLength(shape);
  const left = Uint8Array.from(known, (isKnown) => (isKnown ? 0 : 1));
  const total = left.reduce((sum, one) => sum + one, 0);
  const positions: number[] = [];
  for (const position of Array.from(order)) {
    if (!Number.isInteger(position) || position < 0 || position >= length) {
      throw new InvalidOptionError('order', position, `must hold positions from 0 to ${length - 1}`);
    }
    if (known[position]) continue;
    if (!left[position]) throw new InvalidOptionError('order', position, 'must name each position once');
    left[position] = 0;
    positions.push(position);
  }
  if (positions.length < total) {
    throw new InvalidOptionError('order', left.indexOf(1), 'this masked position is missing from the order');
  }
  return Uint32Array.from(positions);
}

function assertCounts(counts: readonly number[], total: number): void {
  const sum = counts.reduce((left, count) => left + count, 0);
  if (sum !== total || counts.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new InvalidOptionError(
      'maskSchedule',
      counts.join(', '),
      `must be integers ≥ 1 whose sum is ${total}`,
    );
  }
}
