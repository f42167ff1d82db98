import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quartilesOf } from './quartiles.js';

it('quartiles are linear between neighbours', () => {
  expect(quartilesOf([5, 1, 3, 2, 4])).toEqual({ lower: 2, median: 3, upper: 4 });
  expect(quartilesOf([2, 1])).toEqual({ lower: 1.25, median: 1.5, upper: 1.75 });
  expect(quartilesOf([])).toEqual({ lower: Number.NaN, median: Number.NaN, upper: Number.NaN });
});

it('at least half of the values lie at or below the median, and as many at or above', () => {
  const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(numbers, (values) => {
      const { median } = quartilesOf(values);
      expect(values.filter((value) => value <= median).length).toBeGreaterThanOrEqual(values.length / 2);
      expect(values.filter((value) => value >= median).length).toBeGreaterThanOrEqual(values.length / 2);
    }),
  );
});
