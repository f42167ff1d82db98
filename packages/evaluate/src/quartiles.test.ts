import { expect, it } from 'vitest';
import { quartilesOf } from './quartiles.js';

it('quartiles are linear between neighbours', () => {
  expect(quartilesOf([5, 1, 3, 2, 4])).toEqual({ lower: 2, median: 3, upper: 4 });
  expect(quartilesOf([2, 1])).toEqual({ lower: 1.25, median: 1.5, upper: 1.75 });
  expect(quartilesOf([])).toEqual({ lower: Number.NaN, median: Number.NaN, upper: Number.NaN });
});
