import { expect, it } from 'vitest';
import { keyedNoise } from './noise/keyed.js';
import { stepPlan } from './plan.js';
import { plannedPolicy } from './policy.js';
import { inStage, refine } from './refinement.js';

const shape = { height: 2, width: 2, channels: 1 };
const context = (known = new Uint8Array(4)) => ({ shape, known, noise: keyedNoise({ seed: 1 }) });
const pairs = plannedPolicy('pairs', function* () {
  yield stepPlan('first', [0, 1], [5, 6]);
  yield stepPlan('second', [2, 3], 7);
});
const seen = { step: 0, grid: { shape, tokens: new Float32Array(4), known: new Uint8Array(4) } };

it('goes through its plans in order, and a state can be used twice', () => {
  const state = pairs.init(context());
  const [first, next] = pairs.step(state, seen);
  expect(pairs.step(state, seen)[0]).toEqual(first);
  expect(first).toEqual(stepPlan('first', [0, 1], [5, 6]));
  expect(pairs.step(next, seen)[0]).toEqual(stepPlan('second', [2, 3], 7));
});

it('leaves known positions out with their step counts, and skips plans with none left', () => {
  const state = pairs.init(context(Uint8Array.of(1, 0, 0, 0)));
  expect(pairs.step(state, seen)[0]).toEqual(stepPlan('first', [1], [6]));
  const later = pairs.init(context(Uint8Array.of(1, 1, 0, 0)));
  expect(pairs.step(later, seen)[0].stage).toBe('second');
});

it('refuses a generator that goes on for ever', () => {
  const endless = plannedPolicy('endless', function* () {
    for (;;) yield stepPlan('first', [0], 5);
  });
  expect(() => endless.init(context())).toThrow(
    'Policy "endless", step 4: it is one plan more than there are positions to decode, 4; does the generator end?',
  );
});

it('keeps refinements in the order they were added, each in its stage', async () => {
  const log: string[] = [];
  const note = (name: string) =>
    inStage('first', (plan) => {
      log.push(name);
      return plan;
    });
  const refined = refine(refine(pairs, note('a')), note('b'));
  const conditions = { count: 2, width: 1, guided: false } as never;
  for (const plan of [stepPlan('first', [0], 1), stepPlan('second', [1], 1)]) {
    for (const refinement of refined.refinements!) {
      const tokenLosses = async () => new Float32Array();
      const given = new Uint8Array(seen.grid.known.length);
      await refinement(plan, { ...seen, conditions, noise: keyedNoise({ seed: 1 }), given, tokenLosses });
    }
  }
  expect(log).toEqual(['a', 'b']);
  expect(pairs.refinements).toBeUndefined();
});
