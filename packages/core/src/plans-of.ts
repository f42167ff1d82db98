import { emptyGrid, type GridShape } from './grid.js';
import { keyedNoise } from './noise/keyed.js';
import { checkedPlan, type StepPlan } from './plan.js';
import type { SamplingPolicy } from './policy.js';

/**
 * The plans of a whole image, without a model: what is planned counts as decoded, and refinements are left out. They are
 * those of `generate` with the same seed, whose noise it forks for the policy.
 *
 * @param options.seed of the image. @default 1
 * @param options.known positions that are given from the start. @default none
 * @throws InvalidPlanError where a plan can't be carried out, and whatever the policy throws; InvalidOptionError where
 *   an extent or the seed is out of range
 */
export function plansOf(
  policy: SamplingPolicy,
  { height, width }: Pick<GridShape, 'height' | 'width'>,
  options: { readonly seed?: number; readonly known?: Iterable<number> } = {},
): readonly StepPlan[] {
  const { seed = 1, known = [] } = options;
  const grid = emptyGrid({ height, width, channels: 1 });
  for (const position of known) grid.known[position] = 1;
  const noise = keyedNoise({ seed }).fork('policy');
  let state = policy.init({ shape: grid.shape, known: grid.known.slice(), noise });
  const plans: StepPlan[] = [];
  while (grid.known.includes(0)) {
    const [plan, next] = policy.step(state, { index: plans.length, grid });
    const { positions } = checkedPlan(plan, grid.known, policy.name, plans.length);
    for (const position of positions) grid.known[position] = 1;
    plans.push(plan);
    state = next;
  }
  return plans;
}
