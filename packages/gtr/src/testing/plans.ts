import { emptyGrid, keyedNoise, type SamplingPolicy, type StepPlan } from '@tessera/core';

/** All plans of an image. */
export function plans(
  policy: SamplingPolicy,
  height: number,
  width: number,
  { seed = 1, known = [] as number[] } = {},
) {
  const grid = emptyGrid({ height, width, channels: 1 });
  for (const position of known) grid.known[position] = 1;
  let state = policy.init({ shape: grid.shape, known: grid.known.slice(), noise: keyedNoise({ seed }) });
  const made: StepPlan[] = [];
  while (grid.known.includes(0)) {
    const [plan, next] = policy.step(state, { index: made.length, grid });
    for (const position of plan.positions) grid.known[position] = 1;
    made.push(plan);
    state = next;
  }
  return made;
}

export const tokens = (made: readonly StepPlan[]) => made.map((plan) => plan.positions.length);
export const order = (made: readonly StepPlan[]) => made.flatMap((plan) => [...plan.positions]);
export const ascending = (positions: Iterable<number>) => [...positions].sort((a, b) => a - b);
