import { describe, expect, it } from 'vitest';
import {
  annealedSteps,
  constantSteps,
  type DiffusionStepSchedule,
  diffusionStepSchedule,
} from './diffusion-steps.js';
import { InvalidOptionError } from './errors.js';

const all = (schedule: DiffusionStepSchedule, total: number) =>
  Array.from({ length: total }, (_, index) => schedule({ index, total }));

describe('annealed diffusion steps', () => {
  it('fall linearly from 50 to 5 by default', () => {
    expect(all(annealedSteps(), 10)).toEqual([50, 45, 40, 35, 30, 25, 20, 15, 10, 5]);
  });

  it('are floored, so that the last step alone gets the fewest', () => {
    expect(all(annealedSteps({ from: 10, to: 8 }), 4)).toEqual([10, 9, 8, 8]);
  });

  it('fall along half a cosine', () => {
    // (cos(πk/4) + 1)/2 = 1, 0.854, 0.5, 0.146, 0 of 45
    expect(all(annealedSteps({ shape: 'cosine' }), 5)).toEqual([50, 43, 27, 11, 5]);
  });

  it('switch in the middle with two stages, the middle step itself being late', () => {
    expect(all(annealedSteps({ shape: 'two-stage' }), 5)).toEqual([50, 50, 5, 5, 5]);
    expect(all(annealedSteps({ shape: 'two-stage' }), 4)).toEqual([50, 50, 5, 5]);
  });

  it.each(['linear', 'cosine', 'two-stage'] as const)(
    'are the first count where a run has one step (%s)',
    (shape) => {
      expect(all(annealedSteps({ shape }), 1)).toEqual([50]);
    },
  );

  it('refuse counts that are no positive integers', () => {
    expect(() => annealedSteps({ from: 0 })).toThrow(InvalidOptionError);
    expect(() => annealedSteps({ to: 2.5 })).toThrow(InvalidOptionError);
    expect(() => constantSteps(70_000)).toThrow(InvalidOptionError);
    expect(() => annealedSteps({ shape: 'quadratic' as 'cosine' })).toThrow('linear, cosine, two-stage');
  });
});

describe('a schedule of one’s own', () => {
  it('has its results checked', () => {
    const schedule = diffusionStepSchedule(({ index }) => index);
    expect(schedule({ index: 3, total: 4 })).toBe(3);
    expect(() => schedule({ index: 0, total: 4 })).toThrow('diffusionSteps at step 0 = 0');
  });
});
