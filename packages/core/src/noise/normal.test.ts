import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalFromWord, uniformFromWord } from './normal.js';

const LAST = 0xffffffff;
const word = fc.nat(LAST);

/** word → √2·erf⁻¹(2u − 1), u = (word + ½)/2³², computed with 40 digits and rounded to float64. */
const QUANTILES = [
  [0, -6.3379577545537895],
  [1, -6.166429517819751],
  [1000, -5.0398511259687115],
  [12345678, -2.761769519859486],
  [322122546, -1.4395314720898174],
  [322122547, -1.4395314704450153],
  [1000000000, -0.729556553075874],
  [2147483647, -2.918099372916623e-10],
  [3000000000, 0.5200680618488762],
  [3972844748, 1.4395314704450153],
  [4290000000, 3.046778979053163],
  [LAST, 6.3379577545537895],
] as const;

test.each(QUANTILES)('word %i gives the quantile %d to 1e-14', (at, quantile) => {
  expect(Math.abs(normalFromWord(at) / quantile - 1)).toBeLessThan(1e-14);
});

/** P(X < −x) for x > 0: a series near the middle, a continued fraction in the tail. */
function lowerTail(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let k = 3; k < 60; k += 2) sum += term *= (x * x) / k;
    return 0.5 - density * sum;
  }
  let fraction = x;
  for (let k = 200; k > 0; k--) fraction = x + k / fraction;
  return density / fraction;
}

test('the distribution function at a word’s normal is the word’s uniform, to 1e-12 in x', () => {
  fc.assert(
    fc.property(word, (at) => {
      const x = Math.abs(normalFromWord(at));
      const tail = Math.min(uniformFromWord(at), 1 - uniformFromWord(at));
      const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
      expect(Math.abs(lowerTail(x) - tail) / density).toBeLessThan(1e-12);
    }),
    { numRuns: 2000 },
  );
});

test('a word and its complement give opposite normals, bit by bit', () => {
  fc.assert(fc.property(word, (at) => normalFromWord(LAST - at) === -normalFromWord(at)));
});

test('a greater word never gives a smaller normal, across the seams of the approximation too', () => {
  const seams = [0, 322122547, 2147483648, 3972844749];
  for (const seam of seams) {
    for (let at = Math.max(0, seam - 500); at < seam + 500; at++) {
      expect(normalFromWord(at + 1)).toBeGreaterThan(normalFromWord(at));
    }
  }
});

test('a uniform is never 0 or 1', () => {
  expect(uniformFromWord(0)).toBeGreaterThan(0);
  expect(uniformFromWord(LAST)).toBeLessThan(1);
});
