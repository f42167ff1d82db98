import { checkedPlan, stepPolicy } from './checked-plan.js';
import { assertInteger, assertShape, InvalidPlanError } from './errors.js';
import { emptyGrid, type GridShape, gridLength } from './grid.js';
import { keyedNoise } from './noise/keyed.js';
import { applyPlan, type StepPlan, stepLimit } from './plan.js';
import type { SamplingPolicy } from './policy.js';

/**
 * The plans of a whole image, without a model: what is planned counts as decoded, and refinements are left out. They are
 * those of `generate` with the same seed and image index, whose noise it forks for the policy.
 *
 * @param options.seed of the image. @default 1
 * @param options.imageIndex of the image, which tells the images of one seed apart. @default 0
 * @param options.known [L], 1 where a token is given from the start, else 0. @default all 0
 * @throws InvalidPlanError where a plan can't be carried out, and whatever the policy throws; InvalidOptionError where
 *   an extent, the seed or the image index is out of range; ShapeMismatchError where `known` is not as long as the grid
 */
export function planImage(
  policy: SamplingPolicy,
  { height, width }: Pick<GridShape, 'height' | 'width'>,
  options: { readonly seed?: number; readonly imageIndex?: number; readonly known?: Uint8Array } = {},
): readonly StepPlan[] {
  const { seed = 1, imageIndex = 0, known } = options;
  assertInteger('imageIndex', imageIndex, 0);
  const grid = emptyGrid({ height, width, channels: 1 });
  if (known) {
    assertShape('known [L]', known, [gridLength(grid.shape)]);
    grid.known.set(known);
  }
  const noise = keyedNoise({ seed, image: imageIndex }).fork('policy');
  let state = policy.init({ shape: grid.shape, known: grid.known.slice(), noise });
  const plans: StepPlan[] = [];
  const given = grid.known.slice();
  const limit = stepLimit(given.length);
  while (grid.known.includes(0)) {
    if (plans.length === limit) {
      const problem = `${limit} steps have not ended the run, since they remask what others decode`;
      throw new InvalidPlanError(policy.name, limit, problem);
    }
    const step = plans.length;
    const [plan, next] = stepPolicy(policy, state, { step, grid });
    applyPlan(grid.known, checkedPlan(plan, { policy: policy.name, step, known: grid.known, given }));
    plans.push(plan);
    state = next;
  }
  return plans;
}
