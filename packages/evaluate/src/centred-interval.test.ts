import { InvalidOptionError, keyedNoise } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { centredInterval, quantile } from './centred-interval.js';
import { frechetDistance, frechetReference, frechetResampler } from './frechet-distance.js';
import { resampleCounts } from './resampling.js';
import { mean, normalFeatures } from './testing/synthetic-features.js';

describe('quantile', () => {
  it('is the least and the largest number at the ends, and linear between neighbours', () => {
    expect([0, 0.25, 0.5, 1].map((p) => quantile([1, 2, 4, 8, 16], p))).toEqual([1, 2, 4, 16]);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(quantile([7], 0.3)).toBe(7);
  });
});

describe('centredInterval', () => {
  it('takes the width from the replicates and the place from the value', () => {
    const replicates = Float64Array.from({ length: 101 }, (_, i) => 100 + i);
    expect(centredInterval(7, replicates, 0.9)).toEqual({ value: 7, low: 7 - 45, high: 7 + 45 });
    expect(centredInterval(7, replicates, 0.9, { spread: 2 })).toEqual({
      value: 7,
      low: 7 - 90,
      high: 7 + 90,
    });
  });

  it('covers what the Fréchet distance, and a difference of two, is on average at this number of pictures', () => {
    const n = 50;
    const axes = (scale: number) => [1, scale].map((deviation) => ({ mean: scale / 2, deviation }));
    const reference = frechetReference(normalFeatures(0, 4000, axes(1)), 2);
    // The second variant's pictures are the first's, stretched: pairs, as in an evaluation.
    const arms = (seed: number) => [1.5, 1.8].map((scale) => normalFeatures(seed, n, axes(scale)));
    const distances = (seed: number) =>
      arms(seed).map((arm) => frechetDistance(arm, reference)) as [number, number];
    const average = Array.from({ length: 1500 }, (_, i) => distances(10_000 + i));
    const expected = {
      arm: mean(average.map(([first]) => first)),
      difference: mean(average.map(([first, second]) => second - first)),
    };
    const trials = 120;
    const confidence = 0.9;
    const covered = { arm: 0, difference: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const [first, second] = arms(1 + trial).map((arm) => frechetResampler(arm, reference)) as [
        (counts: Uint16Array) => number,
        (counts: Uint16Array) => number,
      ];
      const noise = keyedNoise({ seed: trial });
      const pairs = Array.from({ length: 100 }, (_, r) => {
        const counts = resampleCounts(new Uint8Array(n), noise.fork(r));
        return [first(counts), second(counts)] as const;
      });
      const [a, b] = distances(1 + trial);
      const arm = centredInterval(
        a,
        Float64Array.from(pairs, ([value]) => value),
        confidence,
      );
      const difference = centredInterval(
        b - a,
        Float64Array.from(pairs, ([value, other]) => other - value),
        confidence,
      );
      if (arm.low <= expected.arm && expected.arm <= arm.high) covered.arm++;
      if (difference.low <= expected.difference && expected.difference <= difference.high)
        covered.difference++;
    }
    // Bootstrap intervals of so few pictures are known to be a little short.
    for (const count of Object.values(covered)) {
      expect(count / trials).toBeGreaterThan(0.82);
      expect(count / trials).toBeLessThan(0.97);
    }
  });

  it('refuses what no interval can be made of', () => {
    const replicates = Float64Array.of(1, 2, 3);
    for (const confidence of [95, 0, 1, Number.NaN]) {
      expect(() => centredInterval(2, replicates, confidence)).toThrow(/confidence = .* between 0 and 1/);
    }
    expect(() => centredInterval(2, new Float64Array(), 0.95)).toThrow(InvalidOptionError);
    expect(() => centredInterval(2, Float64Array.of(1, Number.NaN), 0.95)).toThrow(InvalidOptionError);
    expect(() => centredInterval(Number.NaN, replicates, 0.95)).toThrow(InvalidOptionError);
    expect(() => centredInterval(2, replicates, 0.95, { spread: -1 })).toThrow(InvalidOptionError);
  });
});
