import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  annealedDiffusionSteps,
  constantDiffusionSteps,
  type DiffusionStepSchedule,
  diffusionStepSchedule,
} from './diffusion-steps.js';
import { InvalidOptionError } from './errors.js';

const all = (schedule: DiffusionStepSchedule, total: number) =>
  Array.from({ length: total }, (_, index) => schedule({ step: index, steps: total }));

describe('annealed diffusion steps', () => {
  it('fall linearly from 50 to 5 by default', () => {
    expect(all(annealedDiffusionSteps(), 10)).toEqual([50, 45, 40, 35, 30, 25, 20, 15, 10, 5]);
  });

  it('are floored, so that the last step alone gets the fewest', () => {
    expect(all(annealedDiffusionSteps({ from: 10, to: 8 }), 4)).toEqual([10, 9, 8, 8]);
  });

  it('are those of the exact formula, or one less where that is an integer, in runs of any length', () => {
    const counts = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(counts, counts, fc.integer({ min: 2, max: 300 }), (from, to, total) => {
        const last = total - 1;
        // ⌊d·(u − k)/u⌋ by the remainder, which is exact, unlike a fraction.
        const exact = Array.from({ length: total }, (_, k) => {
          const product = (from - to) * (last - k);
          const remainder = ((product % last) + last) % last;
          return to + (product - remainder) / last;
        });
        for (const [k, steps] of all(annealedDiffusionSteps({ from, to }), total).entries()) {
          const isInteger = ((from - to) * (last - k)) % last === 0;
          expect(isInteger ? [exact[k]! - 1, exact[k]] : [exact[k]]).toContain(steps);
        }
      }),
    );
  });

  // Of DiSA's own `int((u - k) / u * 45)` in Python, u = K − 1: the sampling steps that get one diffusion step less.
  it.each([
    [46, [19, 32]],
    [91, [38, 64]],
    [136, [57, 96]],
    [181, [76, 128]],
    [226, [95, 160]],
  ])('lose a step in the two places where DiSA’s code does, in %i steps', (total, places) => {
    const last = total - 1;
    const exact = Array.from({ length: total }, (_, k) => 5 + Math.floor((45 * (last - k)) / last));
    const found = all(annealedDiffusionSteps(), total);
    expect([...found.keys()].filter((k) => found[k] !== exact[k])).toEqual(places);
    for (const k of places) expect(found[k]).toBe(exact[k]! - 1);
  });

  it('are DiSA’s own in its 64 steps', () => {
    expect(all(annealedDiffusionSteps(), 64).join(' ')).toBe(
      '50 49 48 47 47 46 45 45 44 43 42 42 41 40 40 39 38 37 37 36 35 35 34 33 32 32 31 30 30 29 28 27 27 26 25 25 24 23 22 22 21 20 20 19 18 17 17 16 15 15 14 13 12 12 11 10 10 9 8 7 7 6 5 5',
    );
  });

  it('fall along half a cosine', () => {
    // (cos(πk/4) + 1)/2 = 1, 0.854, 0.5, 0.146, 0 of 45
    expect(all(annealedDiffusionSteps({ shape: 'cosine' }), 5)).toEqual([50, 43, 27, 11, 5]);
  });

  it('switch in the middle with two stages, the middle step itself being late', () => {
    expect(all(annealedDiffusionSteps({ shape: 'two-stage' }), 5)).toEqual([50, 50, 5, 5, 5]);
    expect(all(annealedDiffusionSteps({ shape: 'two-stage' }), 4)).toEqual([50, 50, 5, 5]);
  });

  it.each(['linear', 'cosine', 'two-stage'] as const)(
    'are the first count where a run has one step (%s)',
    (shape) => {
      expect(all(annealedDiffusionSteps({ shape }), 1)).toEqual([50]);
    },
  );

  it('refuse counts that are no positive integers', () => {
    expect(() => annealedDiffusionSteps({ from: 0 })).toThrow(InvalidOptionError);
    expect(() => annealedDiffusionSteps({ to: 2.5 })).toThrow(InvalidOptionError);
    expect(() => constantDiffusionSteps(70_000)).toThrow(InvalidOptionError);
    expect(() => annealedDiffusionSteps({ shape: 'quadratic' as 'cosine' })).toThrow(
      'linear, cosine, two-stage',
    );
  });
});

describe('a schedule of one’s own', () => {
  it('has its results checked', () => {
    const schedule = diffusionStepSchedule(({ step }) => step);
    expect(schedule({ step: 3, steps: 4 })).toBe(3);
    expect(() => schedule({ step: 0, steps: 4 })).toThrow('diffusionSteps at step 0 = 0');
  });
});
