import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, compareRelative, holds, worst } from './compare.js';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });

describe('compare', () => {
  it('finds the largest deviation wherever it is', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), fc.nat(), finite, (values, at, amount) => {
        const changed = [...values];
        changed[at % values.length]! += amount;
        const expected = Math.abs(changed[at % values.length]! - values[at % values.length]!);
        expect(compare('x', changed, values, 1).error).toBe(expected);
      }),
    );
  });

  it('never accepts a value that is not a number, before or after a larger deviation', () => {
    for (const actual of [
      [Number.NaN, 1, 2],
      [5, Number.NaN, 2],
      [0, 1, Number.POSITIVE_INFINITY],
    ]) {
      expect(holds(compare('x', actual, [0, 1, 2], 10))).toBe(false);
      expect(holds(compareRelative('x', actual, [0, 1, 2], 10, 1))).toBe(false);
    }
  });

  it('never accepts arrays of different lengths, and tells the lengths', () => {
    const check = compare('x', [1, 2], [1, 2, 3], 1e9);
    expect(holds(check)).toBe(false);
    expect(check.what).toBe('x (3 values recorded, 2 computed)');
  });

  it('measures small numbers relative to themselves, and none below the floor', () => {
    expect(compareRelative('x', [2.2e-5], [2e-5], 1, 1e-6).error).toBeCloseTo(0.1, 10);
    expect(compareRelative('x', [1e-8], [0], 1, 1e-6).error).toBeCloseTo(0.01, 10);
  });
});

describe('the worst check', () => {
  it('is the one nearest to its tolerance, not the one with the largest error', () => {
    const near = { what: 'near', error: 9e-7, tolerance: 1e-6 };
    const far = { what: 'far', error: 1e-4, tolerance: 2e-3 };
    expect(worst([far, near])).toBe(near);
  });

  it('is a broken equality before any accepted deviation', () => {
    const equality = { what: 'count', error: 1, tolerance: 0 };
    const failing = { what: 'x', error: 3e-3, tolerance: 2e-3 };
    expect(worst([failing, equality, { what: 'y', error: 0, tolerance: 0 }])).toBe(equality);
  });
});
