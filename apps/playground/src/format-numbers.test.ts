import { expect, it } from 'vitest';
import { duration, timesAsFast } from './format-numbers.js';

it.each([
  [840, '840 ms'],
  [999.6, '1.0 s'],
  [1900, '1.9 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min 0 s'],
  [119_600, '2 min 0 s'],
  [125_000, '2 min 5 s'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

it('a ratio says whether it is slower or faster', () => {
  expect([0.8, 1.254, 12.48].map(timesAsFast)).toEqual(['0.80× as fast', '1.25× as fast', '12.5× as fast']);
});
