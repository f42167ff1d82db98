import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from './errors.js';
import {
  arccosMask,
  cosineMask,
  cosineMaskSchedule,
  evenMaskSchedule,
  haltonMaskSchedule,
  linearMask,
  maskScheduleOf,
  rootMask,
  squareMask,
} from './mask-schedule.js';

interface GenerateCase {
  readonly kind: string;
  readonly name: string;
  readonly num_iter: number;
  readonly iterations: readonly {
    readonly masked_before: number;
    readonly n_pred_per_sample: number;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../fixtures/golden/A/cases.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly GenerateCase[] };

const schedules = {
  cosineMaskSchedule,
  haltonMaskSchedule,
  evenMaskSchedule,
  cosine: maskScheduleOf(cosineMask),
  linear: maskScheduleOf(linearMask),
  square: maskScheduleOf(squareMask),
  root: maskScheduleOf(rootMask),
  arccos: maskScheduleOf(arccosMask),
};

const totalAndSteps = fc
  .integer({ min: 1, max: 1100 })
  .chain((total) => fc.tuple(fc.constant(total), fc.integer({ min: 1, max: total })));

describe('token counts', () => {
  it.each(Object.entries(schedules))('%s decode every token, one at least in each step', (_, counts) => {
    fc.assert(
      fc.property(totalAndSteps, ([total, steps]) => {
        const perStep = counts(total, steps);
        expect(perStep).toHaveLength(steps);
        expect(perStep.every((count) => Number.isInteger(count) && count >= 1)).toBe(true);
        expect(perStep.reduce((sum, count) => sum + count, 0)).toBe(total);
      }),
    );
  });

  it.each(Object.entries(schedules))('%s refuse more steps than tokens and say what to do', (_, counts) => {
    expect(() => counts(8, 9)).toThrow(InvalidOptionError);
    expect(() => counts(8, 9)).toThrow('each step decodes a token or more, so use at most 8');
    expect(() => counts(8, 0)).toThrow('must be an integer ≥ 1');
  });
});

describe("MAR's cosine counts", () => {
  it('are the reference implementation’s', () => {
    const cases = golden.cases.filter(({ kind }) => kind === 'generate');
    expect(cases.length).toBeGreaterThan(5);
    for (const { num_iter, iterations } of cases) {
      const expected = iterations.map((iteration) => iteration.n_pred_per_sample);
      expect(cosineMaskSchedule(iterations[0]!.masked_before, num_iter)).toEqual(expected);
    }
  });

  it('of 256 tokens in 16 steps are the published ones', () => {
    const published = [2, 3, 7, 8, 11, 13, 15, 16, 19, 20, 22, 23, 23, 25, 24, 25];
    expect(cosineMaskSchedule(256, 16)).toEqual(published);
  });
});

describe("Halton's counts", () => {
  it('follow the arcsine, with one token a step where it is flatter', () => {
    expect(haltonMaskSchedule(256, 4)).toEqual([41, 44, 53, 118]);
    expect(haltonMaskSchedule(8, 8)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('even counts', () => {
  it('differ by one at most', () => {
    fc.assert(
      fc.property(totalAndSteps, ([total, steps]) => {
        const perStep = evenMaskSchedule(total, steps);
        expect(Math.max(...perStep) - Math.min(...perStep)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('mask fractions', () => {
  it.each([
    ['cosine', cosineMask, Math.SQRT1_2],
    ['linear', linearMask, 0.5],
    ['square', squareMask, 0.75],
    ['root', rootMask, 1 - Math.SQRT1_2],
    ['arccos', arccosMask, 2 / 3],
  ] as const)('%s starts at 1, has the expected middle and ends at 0', (_, fraction, middle) => {
    expect(fraction(0)).toBeCloseTo(1, 12);
    expect(fraction(0.5)).toBeCloseTo(middle, 12);
    expect(fraction(1)).toBeCloseTo(0, 12);
  });
});
