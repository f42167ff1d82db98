import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annealedDiffusionSteps } from '../diffusion-steps.js';
import { evenMaskSchedule } from '../mask-schedule.js';
import { keyedNoise } from '../noise/keyed.js';
import type { StepPlan } from '../plan.js';
import { planImage } from '../plan-image.js';
import type { SamplingPolicy } from '../policy.js';
import { describePolicy } from '../testing/describe-policy.js';
import { halton, haltonOrder } from './halton.js';
import { orderedPolicy } from './ordered.js';
import { randomOrder } from './random-order.js';
import { raster } from './raster.js';
import { shuffle } from './shuffle.js';
import { subsample } from './subsample.js';

const noise = (seed: number) => keyedNoise({ seed, image: 0 });

const order = (made: readonly StepPlan[]) => made.flatMap((plan) => [...plan.positions]);

/** [length], 1 at `positions`. */
const mask = (length: number, positions: readonly number[]) =>
  Uint8Array.from({ length }, (_, position) => (positions.includes(position) ? 1 : 0));

describePolicy('randomOrder', () => randomOrder());
describePolicy('raster', () => raster({ steps: 10 }));
describePolicy('subsample', () => subsample({ steps: 16, diffusionSteps: annealedDiffusionSteps() }));
describePolicy('halton', () => halton({ steps: 20 }));
describePolicy('halton, rolled', () => halton({ steps: 20, roll: true }));

describe('randomOrder', () => {
  it('replays a recorded permutation from its tail, with the reference’s counts', () => {
    const permutation = shuffle([...Array(64).keys()], noise(9));
    const made = planImage(randomOrder({ steps: 8, permutation: () => permutation }), {
      height: 8,
      width: 8,
    });
    expect(made.map((plan) => plan.positions.length)).toEqual([2, 3, 6, 8, 10, 11, 12, 12]);
    let masked = 64;
    for (const { positions } of made) {
      const tail = [...permutation.subarray(masked - positions.length, masked)];
      expect([...positions].sort()).toEqual(tail.sort());
      masked -= positions.length;
    }
  });

  it.each([0.9, -1, Number.NaN])('refuses a permutation that holds %d, as it is', (wrong) => {
    const permutation = () => [3, 2, 1, wrong];
    const starting = () => planImage(randomOrder({ steps: 1, permutation }), { height: 2, width: 2 });
    expect(starting).toThrow(`order = ${wrong}: must hold positions from 0 to 3`);
  });

  it('gives each seed an order of its own and each position the same chance to be first', () => {
    const firsts = new Uint32Array(16);
    for (let seed = 0; seed < 1600; seed++)
      firsts[order(planImage(randomOrder({ steps: 1 }), { height: 4, width: 4 }, { seed }))[0]!]!++;
    // 100 expected of each; χ² with 15 degrees of freedom stays under 38 with probability 0.999
    expect(firsts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)).toBeLessThan(38);
  });

  it('keeps the order of the masked tokens when others are given', () => {
    const known = [0, 5, 6, 21, 40];
    const whole = order(planImage(randomOrder({ steps: 7 }), { height: 6, width: 7 }));
    const rest = order(
      planImage(randomOrder({ steps: 7 }), { height: 6, width: 7 }, { known: mask(42, known) }),
    );
    expect(rest).toEqual(whole.filter((position) => !known.includes(position)));
  });
});

describe('subsample', () => {
  it('decodes the four lattices one after the other', () => {
    const made = order(planImage(subsample({ steps: 3 }), { height: 4, width: 3 }));
    expect(made).toEqual([0, 2, 6, 8, 4, 10, 1, 7, 3, 5, 9, 11]);
  });
});

describe('raster', () => {
  it('decodes row by row', () => {
    expect(order(planImage(raster({ steps: 5 }), { height: 3, width: 4 }))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
  });
});

describe('halton', () => {
  it('starts a 16×16 grid as the reference does', () => {
    const cells = [...haltonOrder({ height: 16, width: 16 }).subarray(0, 4)].map((p) => [p >> 4, p % 16]);
    expect(cells).toEqual([
      [8, 5],
      [4, 10],
      [12, 1],
      [2, 7],
    ]);
  });

  it('has counts of its own, also where none are given by name', () => {
    const counts = (policy: SamplingPolicy) =>
      planImage(policy, { height: 16, width: 16 }).map(({ positions }) => positions.length);
    expect(counts(halton({ steps: 16, counts: undefined } as object))).toEqual(counts(halton({ steps: 16 })));
  });

  it('names every cell of any grid once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (height, width) => {
        expect(new Set(haltonOrder({ height, width })).size).toBe(height * width);
      }),
    );
  });

  it('puts points that lie on the edge of a cell into the cell that they open', () => {
    // Base 3 points 1, 2, 3, 4 are 1/3, 2/3, 1/9, 4/9: columns 3, 6, 1, 4 of 9.
    expect([...haltonOrder({ height: 1, width: 9 }).subarray(0, 4)]).toEqual([3, 6, 1, 4]);
  });

  it('rolled, has the same cyclic order from another start for each seed', () => {
    const fixed = [...haltonOrder({ height: 8, width: 8 })];
    const starts = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      const rolled = order(planImage(halton({ steps: 8, roll: true }), { height: 8, width: 8 }, { seed }));
      const start = fixed.indexOf(rolled[0]!);
      expect(rolled).toEqual([...fixed.slice(start), ...fixed.slice(0, start)]);
      starts.add(start);
    }
    expect(starts.size).toBeGreaterThan(5);
  });
});

describe('orderedPolicy', () => {
  const backwards = { name: 'backwards', steps: 3, order: () => [5, 4, 3, 2, 1, 0] };

  it('combines an order, token counts, diffusion steps and a stage', () => {
    const diffusionSteps = annealedDiffusionSteps({ from: 30, to: 10 });
    const made = planImage(
      orderedPolicy({ ...backwards, maskSchedule: evenMaskSchedule, diffusionSteps, stage: 'all' }),
      {
        height: 2,
        width: 3,
      },
    );
    expect(made.map((plan) => [plan.stage, [...plan.positions], [...plan.diffusionSteps]])).toEqual([
      ['all', [5, 4], [30, 30]],
      ['all', [3, 2], [20, 20]],
      ['all', [1, 0], [10, 10]],
    ]);
  });

  it('spreads its counts over what is masked at the start', () => {
    const made = planImage(
      orderedPolicy({ ...backwards, maskSchedule: evenMaskSchedule }),
      { height: 2, width: 3 },
      { known: mask(6, [4, 0, 2]) },
    );
    expect(made.map((plan) => [...plan.positions])).toEqual([[5], [3], [1]]);
  });

  it('decodes a token a step where fewer are masked than there are steps, but not in a grid of its own', () => {
    const edit = planImage(
      orderedPolicy(backwards),
      { height: 2, width: 3 },
      { known: mask(6, [0, 1, 2, 3]) },
    );
    expect(edit.map((plan) => [...plan.positions])).toEqual([[5], [4]]);
    expect(() => planImage(orderedPolicy({ ...backwards, steps: 7 }), { height: 2, width: 3 })).toThrow(
      'steps = 7: each step decodes a token or more, so use at most 6',
    );
  });

  it.each([1000, 17, 20.5, 0, Number.NaN])(
    'refuses %d steps on a grid of 16 tokens, in edits too',
    (steps) => {
      const known = new Uint8Array(16).fill(1, 0, 15);
      for (const policy of [raster({ steps }), raster({ steps, maskSchedule: (total) => [total] })]) {
        for (const options of [{}, { known }]) {
          expect(() => planImage(policy, { height: 4, width: 4 }, options)).toThrow(`steps = ${steps}`);
        }
      }
    },
  );

  it('refuses orders that miss, repeat or invent a position, and wrong counts', () => {
    const starting = (policy: SamplingPolicy) => () => planImage(policy, { height: 2, width: 3 });
    expect(starting(orderedPolicy({ ...backwards, order: () => [5, 4, 3, 2, 1] }))).toThrow('is missing');
    expect(starting(orderedPolicy({ ...backwards, order: () => [5, 4, 3, 2, 1, 1] }))).toThrow('once');
    expect(starting(orderedPolicy({ ...backwards, order: () => [6, 4, 3, 2, 1, 0] }))).toThrow('from 0 to 5');
    expect(starting(orderedPolicy({ ...backwards, maskSchedule: () => [3, 2] }))).toThrow('whose sum is 6');
  });
});

describe('shuffle', () => {
  it('permutes a copy, each permutation as often as any other', () => {
    const values = [0, 1, 2, 3];
    const counts = new Map<string, number>();
    const source = noise(3);
    for (let i = 0; i < 4800; i++) {
      const name = shuffle(values, source).join();
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(values).toEqual([0, 1, 2, 3]);
    expect(counts.size).toBe(24);
    // 200 expected of each; χ² with 23 degrees of freedom stays under 50 with probability 0.999
    expect([...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)).toBeLessThan(50);
  });
});
