import { assertInteger, assertShape } from './errors.js';
import { emptyGrid, type GridShape, gridLength } from './grid.js';
import { keyedNoise } from './noise/keyed.js';
import { checkedPlan, plannedBy, type StepPlan } from './plan.js';
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
  while (grid.known.includes(0)) {
    const [plan, next] = plannedBy(policy, state, { step: plans.length, grid });
    const { positions } = checkedPlan(plan, grid.known, policy.name, plans.length);
    for (const position of positions) grid.known[position] = 1;
    plans.push(plan);
    state = next;
  }
  return plans;
}
