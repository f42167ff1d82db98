import { InvalidOptionError, keyedNoise, type StepPlan, stepPlan } from '@tessera/core';
import { type Conditions, emptyGrid, type RefinementContext } from '@tessera/core/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frequencyWeighted } from './frequency-weighted.js';

const WIDTH = 16;

/** Rows that each are a cosine of the given frequency and height. */
function conditionsOf(rows: readonly { frequency: number; height: number }[]): Conditions {
  const z = Float32Array.from(
    rows.flatMap(({ frequency, height }) =>
      Array.from({ length: WIDTH }, (_, i) => height * Math.cos((2 * Math.PI * frequency * i) / WIDTH)),
    ),
  );
  return {
    count: rows.length,
    width: WIDTH,
    guided: false,
    read: async () => z,
    readUnconditional: async () => Promise.reject(new Error('not guided')),
  };
}

function seenWith(conditions: Conditions, { index = 0, seed = 1 } = {}): RefinementContext {
  const grid = emptyGrid({ height: 32, width: 32, channels: 1 });
  return {
    ...{ step: index, grid, conditions, noise: keyedNoise({ seed }) },
    given: new Uint8Array(grid.known.length),
    tokenLosses: async () => Promise.reject(new Error('FTS judges by z alone')),
  };
}

const unreadable: Conditions = {
  ...conditionsOf([]),
  count: 40,
  read: async () => Promise.reject(new Error('read')),
};

const chosen = (plan: StepPlan) => [...plan.positions].filter((_, i) => plan.diffusionSteps[i] === 50);

describe('frequencyWeighted', () => {
  it('gives the detail steps to the tenth of the tokens with the most high-frequency energy', async () => {
    // Equal energy, frequencies 1 … 8 and 0 in a scrambled order; the last two of 20 tokens by frequency are chosen.
    const frequencies = [3, 1, 7, 2, 5, 4, 1, 1, 2, 3, 6, 7, 2, 1, 3, 4, 5, 0, 0, 1];
    const conditions = conditionsOf(frequencies.map((frequency) => ({ frequency, height: 1 })));
    const plan = stepPlan('reconstruction', [...frequencies.keys()], 20);
    const refined = await frequencyWeighted()(plan, seenWith(conditions));
    expect(chosen(refined)).toEqual([2, 11]);
    expect([...refined.diffusionSteps].filter((steps) => steps === 20)).toHaveLength(18);
    expect(refined.stage).toBe('reconstruction');
    expect(plan.diffusionSteps.every((steps) => steps === 20)).toBe(true);
  });

  it('chooses the lower position first among equals, whatever order the plan has', async () => {
    const conditions = conditionsOf(Array.from({ length: 6 }, () => ({ frequency: 3, height: 1 })));
    const refined = await frequencyWeighted({ ratio: 0.5 })(
      stepPlan('s', [9, 4, 7, 2, 8, 3], 20),
      seenWith(conditions),
    );
    expect(chosen(refined).sort()).toEqual([2, 3, 4]);
    const low = await frequencyWeighted({ ratio: 0.5, choose: 'low' })(
      stepPlan('s', [9, 4, 7, 2, 8, 3], 20),
      seenWith(conditions),
    );
    expect(chosen(low).sort()).toEqual([2, 3, 4]);
  });

  it('chooses max(1, round(β·n)) tokens, none scored below one that is left out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }),
        async (ratio, heights) => {
          const conditions = conditionsOf(heights.map((height) => ({ frequency: 5, height })));
          const plan = stepPlan('s', [...heights.keys()], 20);
          const rows = chosen(await frequencyWeighted({ ratio })(plan, seenWith(conditions)));
          expect(rows).toHaveLength(Math.max(1, Math.round(ratio * heights.length)));
          const least = Math.min(...rows.map((row) => heights[row]!));
          const others = heights.filter((_, row) => !rows.includes(row));
          expect(Math.max(0, ...others)).toBeLessThanOrEqual(least);
        },
      ),
    );
  });

  it('by disagreement chooses the tokens whose two evaluations differ most for their length', async () => {
    const conditional = conditionsOf([1, 1, 4, 1].map((height) => ({ frequency: 1, height })));
    const other = conditionsOf([0.9, 0.2, 3, 1].map((height) => ({ frequency: 1, height })));
    const guided: Conditions = { ...conditional, guided: true, readUnconditional: other.read };
    const plan = stepPlan('s', [3, 5, 7, 8], 20);
    const by = async (choose: 'high' | 'low', conditions: Conditions) =>
      chosen(
        await frequencyWeighted({ ratio: 0.25, score: 'disagreement', choose })(plan, seenWith(conditions)),
      );
    expect(await by('high', guided)).toEqual([5]);
    expect(await by('low', guided)).toEqual([8]);
    // Nothing disagrees without guidance.
    expect(await by('high', { ...guided, guided: false })).toEqual([]);
    const unknown = { score: 'doubt' as never };
    expect(() => frequencyWeighted(unknown)).toThrow(InvalidOptionError);
  });

  it('with choose: low takes those of least importance', async () => {
    const conditions = conditionsOf([5, 2, 7, 1, 6].map((frequency) => ({ frequency, height: 1 })));
    const refinement = frequencyWeighted({ ratio: 0.4, choose: 'low' });
    expect(chosen(await refinement(stepPlan('s', [0, 1, 2, 3, 4], 20), seenWith(conditions)))).toEqual([
      1, 3,
    ]);
  });

  it('with choose: random takes as many, by the noise and the step alone, and never reads z', async () => {
    const refinement = frequencyWeighted({ ratio: 0.25, choose: 'random' });
    const plan = stepPlan('s', [...Array(40).keys()], 20);
    const pick = async (where: { index?: number; seed?: number }) =>
      chosen(await refinement(plan, seenWith(unreadable, where)));
    expect(await pick({})).toHaveLength(10);
    expect(await pick({})).toEqual(await pick({}));
    expect(await pick({ seed: 2 })).not.toEqual(await pick({}));
    expect(await pick({ index: 1 })).not.toEqual(await pick({}));
  });

  it('with choose: all takes all, with ratio 0 none, and neither reads z', async () => {
    const plan = stepPlan('s', [1, 2, 3], 20);
    const all = await frequencyWeighted({ choose: 'all' })(plan, seenWith(unreadable));
    expect(chosen(all)).toEqual([1, 2, 3]);
    expect(await frequencyWeighted({ ratio: 0 })(plan, seenWith(unreadable))).toBe(plan);
  });

  it('works on for a model of another width', async () => {
    const refinement = frequencyWeighted({ ratio: 0.5 });
    await refinement(
      stepPlan('s', [0, 1], 20),
      seenWith(
        conditionsOf([
          { frequency: 1, height: 1 },
          { frequency: 2, height: 1 },
        ]),
      ),
    );
    const z = Float32Array.from([1, 1, 1, 1, 1, 1, 1, -1, 1, -1, 1, -1]);
    const narrow = { ...conditionsOf([]), count: 2, width: 6, read: async () => z };
    expect(chosen(await refinement(stepPlan('s', [0, 1], 20), seenWith(narrow)))).toEqual([1]);
  });

  it('refuses conditions that are not those of the plan, and options out of range', async () => {
    const conditions = conditionsOf([{ frequency: 1, height: 1 }]);
    await expect(frequencyWeighted()(stepPlan('s', [1, 2, 3], 20), seenWith(conditions))).rejects.toThrow(
      'expected [3], got [1]',
    );
    expect(() => frequencyWeighted({ ratio: 1.5 })).toThrow(InvalidOptionError);
    expect(() => frequencyWeighted({ detailDiffusionSteps: 0 })).toThrow(InvalidOptionError);
  });
});
