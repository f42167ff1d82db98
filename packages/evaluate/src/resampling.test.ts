import { InvalidOptionError, keyedNoise } from '@tessera/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resampleCounts, varianceCorrection } from './resampling.js';
import { deviation, mean, normalFeatures } from './testing/synthetic-features.js';

describe('resampleCounts', () => {
  it('draws as many pictures of each class as there are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 60 }), fc.nat(), (labels, seed) => {
        const counts = resampleCounts(labels, keyedNoise({ seed }));
        for (const label of new Set(labels)) {
          const drawn = labels.reduce((sum, other, i) => sum + (other === label ? counts[i]! : 0), 0);
          expect(drawn).toBe(labels.filter((other) => other === label).length);
        }
      }),
    );
  });

  it('gives the same counts for the same source', () => {
    const labels = Array.from({ length: 100 }, (_, k) => k % 7);
    const counts = (seed: number) => [...resampleCounts(labels, keyedNoise({ seed }).fork('resample', 3))];
    expect(counts(1)).toEqual(counts(1));
    expect(counts(1)).not.toEqual(counts(2));
  });

  it('draws every picture equally often in the long run, and with replacement', () => {
    const labels = Array.from({ length: 20 }, (_, k) => k % 2);
    const total = new Float64Array(20);
    let absent = 0;
    const rounds = 1500;
    for (let r = 0; r < rounds; r++) {
      for (const [i, count] of resampleCounts(labels, keyedNoise({ seed: r })).entries()) {
        total[i]! += count;
        if (count === 0) absent++;
      }
    }
    // Counts have variance 0.9: the mean over the rounds deviates by 0.025.
    for (const sum of total) expect(Math.abs(sum / rounds - 1)).toBeLessThan(0.1);
    // (1 − 1/10)¹⁰ of them are not drawn.
    expect(absent / (20 * rounds)).toBeCloseTo(0.9 ** 10, 2);
  });
});

describe('varianceCorrection', () => {
  it.each([2, 3, 4, 5, 2.5, 3.5])('makes resamples of %f a class vary as other pictures would', (each) => {
    const classes = 8;
    const n = each * classes;
    const labels = Array.from({ length: n }, (_, k) => k % classes);
    // Classes lie far apart, which the mean of a fixed number of each doesn't feel.
    const pictures = (seed: number) =>
      normalFeatures(seed, n, [{ mean: 0, deviation: 1 }]).map((value, k) => value + 9 * labels[k]!);
    const means: number[] = [];
    const variances: number[] = [];
    for (let trial = 0; trial < 400; trial++) {
      const drawn = pictures(trial);
      means.push(mean(drawn));
      const replicates = Array.from({ length: 20 }, (_, r) => {
        const counts = resampleCounts(labels, keyedNoise({ seed: trial }).fork(r));
        return mean(drawn.map((value, k) => value * counts[k]!));
      });
      variances.push((varianceCorrection(labels) * deviation(replicates)) ** 2);
    }
    // Four hundred draws tell a deviation to 4 %.
    expect(Math.abs(Math.sqrt(mean(variances)) / deviation(means) - 1)).toBeLessThan(0.1);
  });

  it('is hardly more than 1 for many a class', () => {
    const labels = Array.from({ length: 1200 }, (_, k) => k % 12);
    expect(varianceCorrection(labels)).toBeCloseTo(Math.sqrt(100 / 99), 12);
  });

  it('refuses classes of one picture each, which say nothing of a spread', () => {
    expect(() => varianceCorrection([0, 1, 2])).toThrow(InvalidOptionError);
    expect(() => varianceCorrection([])).toThrow(InvalidOptionError);
  });
});
