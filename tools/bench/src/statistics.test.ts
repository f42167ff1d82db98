import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rangeOf } from './statistics.js';

const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
  minLength: 1,
});

test('at least half of the values lie at or below the median, and as many at or above', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const { median } = rangeOf(values);
      expect(values.filter((value) => value <= median).length).toBeGreaterThanOrEqual(values.length / 2);
      expect(values.filter((value) => value >= median).length).toBeGreaterThanOrEqual(values.length / 2);
    }),
  );
});

test('the range is that of the values, whatever their order', () => {
  expect(rangeOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  expect(rangeOf([10, 9, 100, 1])).toEqual({ median: 9.5, least: 1, most: 100 });
});
