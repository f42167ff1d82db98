import { haltonOrder, InvalidOptionError, keyedNoise, type StepPlan } from '@tessera/core';
import { emptyGrid, planImage } from '@tessera/core/model';
import { describePolicy } from '@tessera/core/testing/suites';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagonalSubsets, quincunxSubsets } from './bisection.js';
import { generationThenReconstruction } from './generation-then-reconstruction.js';

const tokens = (made: readonly StepPlan[]) => made.map((plan) => plan.positions.length);
const order = (made: readonly StepPlan[]) => made.flatMap((plan) => [...plan.positions]);
const ascending = (positions: Iterable<number>) => [...positions].sort((a, b) => a - b);

describePolicy('generationThenReconstruction', () => generationThenReconstruction());
describePolicy('generationThenReconstruction, quincunx, odd first', () =>
  generationThenReconstruction({ subsets: 'quincunx', firstColour: 1, stepsPerStage: [5, 4, 3, 2] }),
);

describe('generationThenReconstruction', () => {
  const made = planImage(generationThenReconstruction(), { height: 16, width: 16 });

  it('takes 24 + 6 + 2 steps for 256 tokens, spread as evenly as integers allow', () => {
    expect(made).toHaveLength(32);
    const counts = tokens(made);
    expect(counts.slice(0, 24).reduce((sum, n) => sum + n)).toBe(64);
    expect(new Set(counts.slice(0, 24))).toEqual(new Set([2, 3]));
    expect(ascending(counts.slice(24, 30))).toEqual([10, 10, 11, 11, 11, 11]);
    expect(counts.slice(30)).toEqual([64, 64]);
  });

  it('generates one colour of the checkerboard and reconstructs the other', () => {
    expect(made.map((plan) => plan.stage)).toEqual([
      ...Array(30).fill('generation'),
      'reconstruction',
      'reconstruction',
    ]);
    for (const plan of made) {
      const colour = plan.stage === 'generation' ? 0 : 1;
      for (const p of plan.positions) expect(((p >> 4) + (p % 16)) % 2).toBe(colour);
    }
  });

  it('anneals diffusion steps linearly from T_max to T_min over the generation, then takes T_rec', () => {
    const steps = made.map((plan) => plan.diffusionSteps[0]);
    expect(steps.slice(0, 4)).toEqual([50, 49, 48, 47]);
    expect(steps.slice(27)).toEqual([22, 21, 20, 20, 20]);
    const own = generationThenReconstruction({
      stepsPerStage: [2, 1, 1],
      maxDiffusionSteps: 9,
      minDiffusionSteps: 4,
      reconstructionDiffusionSteps: 30,
    });
    expect(planImage(own, { height: 16, width: 16 }).map((plan) => plan.diffusionSteps[0])).toEqual([
      9, 7, 4, 30,
    ]);
    expect(made.every((plan) => new Set(plan.diffusionSteps).size === 1)).toBe(true);
  });

  it('gives a single generation step T_max', () => {
    const own = generationThenReconstruction({ stepsPerStage: [1, 1] });
    expect(planImage(own, { height: 4, width: 4 }).map((plan) => plan.diffusionSteps[0])).toEqual([50, 20]);
  });

  it.each([
    ['diagonal', diagonalSubsets],
    ['quincunx', quincunxSubsets],
  ] as const)('decodes the %s subsets one after the other, each in random order', (subsets, bisection) => {
    const policy = generationThenReconstruction({ subsets, stepsPerStage: [3, 3, 3, 3], firstColour: 1 });
    const first = order(planImage(policy, { height: 8, width: 8 }));
    const second = order(planImage(policy, { height: 8, width: 8 }, { seed: 2 }));
    let start = 0;
    for (const subset of bisection({ height: 8, width: 8 }, 4, { firstColour: 1 })) {
      const decoded = first.slice(start, start + subset.length);
      expect(ascending(decoded)).toEqual([...subset]);
      expect(decoded).not.toEqual([...subset]);
      expect(decoded).not.toEqual(second.slice(start, start + subset.length));
      start += subset.length;
    }
  });

  describe('with an order of the stages', () => {
    const options = { subsets: 'quincunx', stepsPerStage: [4, 4, 5, 7, 8, 9, 3] } as const;
    const grid = { height: 16, width: 16 };
    const plans = (ordering: 'random' | 'halton' | 'spread') =>
      planImage(generationThenReconstruction({ ...options, order: ordering }), grid);

    it.each(['halton', 'spread'] as const)(
      'decodes the same stages in as many steps, in %s order',
      (ordering) => {
        const [planned, random] = [plans(ordering), plans('random')];
        const stages = (all: typeof made) => all.map(({ stage, positions }) => [stage, positions.length]);
        expect(stages(planned)).toEqual(stages(random));
        expect(ascending(order(planned).slice(0, 128))).toEqual(ascending(order(random).slice(0, 128)));
        expect(order(plans(ordering))).toEqual(order(planned));
      },
    );

    it('takes each stage’s tokens as Halton’s points come, with halton', () => {
      const rank = new Map([...haltonOrder(grid)].map((position, at) => [position, at]));
      const planned = plans('halton');
      let first = 0;
      for (const steps of options.stepsPerStage) {
        const ranks = order(planned.slice(first, first + steps)).map((position) => rank.get(position)!);
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        first += steps;
      }
      expect(first).toBe(planned.length);
    });

    it('lets the tokens of a step lie farther from each other, with spread', () => {
      const nearest = ({ positions }: (typeof made)[number]) =>
        Math.min(
          ...[...positions].flatMap((a, i) =>
            [...positions.slice(i + 1)].map((b) => Math.hypot((a >> 4) - (b >> 4), (a % 16) - (b % 16))),
          ),
        );
      const mean = (all: typeof made) => {
        const several = all.filter(({ positions }) => positions.length > 1);
        return several.reduce((sum, plan) => sum + nearest(plan), 0) / several.length;
      };
      expect(mean(plans('spread'))).toBeGreaterThan(1.2 * mean(plans('random')));
    });
  });

  it('with the order spread begins beside what is known', () => {
    const known = new Uint8Array(64).fill(1, 0, 8);
    const policy = generationThenReconstruction({
      stepsPerStage: [14],
      subsets: 'quincunx',
      order: 'spread',
    });
    const context = { shape: { height: 8, width: 8, channels: 1 }, known, noise: keyedNoise({ seed: 1 }) };
    const [first] = policy.step(policy.init(context), {
      step: 0,
      grid: { ...emptyGrid(context.shape), known },
    });
    expect(first.positions).toHaveLength(4);
    // Of the step's four the first lies in the row below, and the others far from it.
    expect([...first.positions].filter((position) => position >> 3 === 1)).not.toHaveLength(0);
    expect(() => generationThenReconstruction({ order: 'spiral' as never })).toThrow(InvalidOptionError);
  });

  it('takes random subsets with the same step schedule, other ones for each seed', () => {
    const policy = generationThenReconstruction({ subsets: 'random' });
    const random = planImage(policy, { height: 16, width: 16 });
    const sizes = (all: typeof made) =>
      all.map(({ stage, positions, diffusionSteps }) => [stage, positions.length, diffusionSteps[0]]);
    expect(sizes(random)).toEqual(sizes(made));
    const black = order(random)
      .slice(128)
      .filter((position) => (Math.floor(position / 16) + position) % 2 === 0).length;
    // Half of them, by chance; none in GtR's own order.
    expect(black).toBeGreaterThan(40);
    expect(black).toBeLessThan(88);
    expect(order(planImage(policy, { height: 16, width: 16 }, { seed: 2 }))).not.toEqual(order(random));
  });

  it('keeps the slow start of quincunx subsets on random ones, where stripes have run out', () => {
    const steps = [4, 4, 5, 7, 8, 9, 3];
    const counts = (subsets: 'quincunx' | 'random') =>
      tokens(
        planImage(generationThenReconstruction({ stepsPerStage: steps, subsets }), { height: 16, width: 16 }),
      );
    const sorted = (all: readonly number[], from: number, to: number) => all.slice(from, to).sort();
    expect(counts('random')).toHaveLength(40);
    for (const [from, to] of [
      [0, 8],
      [8, 13],
      [37, 40],
    ] as const)
      expect(sorted(counts('random'), from, to)).toEqual(sorted(counts('quincunx'), from, to));
  });

  it('takes half of what is left as each random subset, from the last on', () => {
    const policy = generationThenReconstruction({ subsets: 'random', stepsPerStage: [1, 1, 1, 1] });
    expect(tokens(planImage(policy, { height: 11, width: 13 }))).toEqual([18, 18, 36, 71]);
    expect(tokens(planImage(policy, { height: 1, width: 1 }))).toEqual([1]);
  });

  it('takes the paper’s rates in place of steps', () => {
    const mar = generationThenReconstruction({ rates: [2.67, 10.67, 64] });
    expect(tokens(planImage(mar, { height: 16, width: 16 }))).toEqual(tokens(made));
    const lightgen = planImage(generationThenReconstruction({ rates: [16, 42.6, 85.3, 256] }), {
      height: 32,
      width: 32,
    });
    expect(tokens(lightgen)).toEqual([...Array(8).fill(16), 42, 43, 43, 85, 85, 86, 256, 256]);
  });

  it('keeps its rates where tokens are given from the start', () => {
    const known = new Uint8Array(256).fill(1, 0, 128);
    const half = planImage(generationThenReconstruction(), { height: 16, width: 16 }, { known });
    expect(half).toHaveLength(12 + 3 + 1);
    expect(Math.min(...order(half))).toBe(128);
    expect(half.at(0)!.diffusionSteps[0]).toBe(50);
    expect(half.at(14)!.diffusionSteps[0]).toBe(20);
    const one = planImage(
      generationThenReconstruction(),
      { height: 16, width: 16 },
      { known: new Uint8Array(256).fill(1, 0, 255) },
    );
    expect(order(one)).toEqual([255]);
  });

  it('decodes a token a step where a subset is smaller than its number of steps', () => {
    const small = planImage(generationThenReconstruction(), { height: 4, width: 4 });
    expect(tokens(small)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 4, 4]);
  });

  it('decodes each position of any grid, partly known or not, exactly once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 13 }),
        fc.integer({ min: 1, max: 13 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('diagonal' as const, 'quincunx' as const, 'random' as const),
        fc.constantFrom(0 as const, 1 as const),
        fc.nat({ max: 168 }),
        (height, width, steps, subsets, firstColour, given) => {
          const policy = generationThenReconstruction({ stepsPerStage: steps, subsets, firstColour });
          const length = height * width;
          const first = Math.min(given, length - 1);
          const known = new Uint8Array(length).fill(1, 0, first);
          const decoded = order(planImage(policy, { height, width }, { known }));
          expect([...Array(first).keys(), ...ascending(decoded)]).toEqual([...Array(length).keys()]);
        },
      ),
    );
  });

  it('refuses options that contradict each other or are out of range', () => {
    const refused = [
      { stepsPerStage: [1, 2, 3], rates: [1, 2, 3] },
      { stages: 4 },
      { stages: 2, stepsPerStage: [1, 2, 3] },
      { stepsPerStage: [1, 0, 3] },
      { rates: [0.5, 1, 1] },
      { maxDiffusionSteps: 0 },
      { minDiffusionSteps: 1.5 },
      { reconstructionDiffusionSteps: 70_000 },
      { subsets: 'spiral' as 'random' },
    ];
    for (const options of refused)
      expect(() => generationThenReconstruction(options)).toThrow(InvalidOptionError);
    expect(() => generationThenReconstruction({ stages: 4 })).toThrow('give stepsPerStage or rates');
  });

  it.each([
    ['stepsPerStage', []],
    ['rates', []],
    ['stepsPerStage', Array(31).fill(1)],
  ])('refuses %s = %j by the name it was given by', (option, value) => {
    expect(() => generationThenReconstruction({ [option]: value })).toThrow(
      expect.objectContaining({ option, message: expect.stringContaining('1 to 30 stages') }),
    );
  });
});
