import { readFileSync } from 'node:fs';
import { InvalidOptionError, keyedNoise } from '@tessera/core';
import { ShapeMismatchError } from '@tessera/core/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelDistance, kernelDistances } from './kernel-distance.js';
import { kernelReference } from './kernel-reference.js';
import { resampleCounts } from './resampling.js';
import { classesInTurn, deviation, mean, normalFeatures } from './testing/synthetic-features.js';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/distances.json', import.meta.url), 'utf8')) as {
  width: number;
  first: number[];
  second: number[];
  kernel: number;
};

const AXES = [1, 0.5].map((scale) => ({ mean: 0.2, deviation: scale }));

describe('kernelDistance', () => {
  it('gives what the reference implementation in NumPy gives', () => {
    const { width, first, second, kernel } = fixture;
    const reference = kernelReference(Float32Array.from(second), width);
    expect(kernelDistance(Float32Array.from(first), reference)).toBeCloseTo(kernel, 10);
  });

  it('is 0 on average between samples of one distribution, however few', () => {
    const distances = Array.from({ length: 400 }, (_, trial) =>
      kernelDistance(
        normalFeatures(2 * trial, 8, AXES),
        kernelReference(normalFeatures(2 * trial + 1, 10, AXES), 2),
      ),
    );
    const error = deviation(distances) / Math.sqrt(distances.length);
    expect(Math.abs(mean(distances))).toBeLessThan(3 * error);
    expect(Math.min(...distances)).toBeLessThan(0);
  });

  it('is 0 on average between samples with a fixed number of each class, if it is told the labels', () => {
    const distances = Array.from({ length: 300 }, (_, trial) => {
      const first = classesInTurn(2 * trial, 12);
      const second = classesInTurn(2 * trial + 1, 15);
      return {
        told: kernelDistance(first.features, kernelReference(second.features, 2, second), first),
        untold: kernelDistance(first.features, kernelReference(second.features, 2)),
      };
    });
    const told = distances.map((distance) => distance.told);
    const untold = distances.map((distance) => distance.untold);
    const error = deviation(told) / Math.sqrt(told.length);
    expect(Math.abs(mean(told))).toBeLessThan(3 * error);
    expect(mean(untold)).toBeLessThan(-5 * error);
  });

  it('grows with the distance of the means', () => {
    const reference = kernelReference(normalFeatures(1, 100, AXES), 2);
    const moved = [0, 0.5, 1, 2].map((shift) =>
      kernelDistance(
        normalFeatures(2, 100, AXES).map((value) => value + shift),
        reference,
      ),
    );
    expect(moved).toEqual(moved.toSorted((a, b) => a - b));
  });

  it('refuses labels that are all different, of which no two pictures of a class can be compared', () => {
    expect(() => kernelReference(new Float32Array(6), 2, { labels: [0, 1, 2] })).toThrow(InvalidOptionError);
  });
});

describe('kernelDistances', () => {
  const reference = kernelReference(normalFeatures(1, 20, AXES), 2);

  /** By the definition, over all draws: pairs of a picture with its own copy are no pairs. */
  function byDefinition(features: Float32Array, counts: readonly number[]): number {
    const kernel = (x: ArrayLike<number>, y: ArrayLike<number>) =>
      ((x[0]! * y[0]! + x[1]! * y[1]!) / 2 + 1) ** 3;
    const row = (values: Float32Array, i: number) => values.subarray(2 * i, 2 * i + 2);
    const average = (values: readonly number[]) => mean(values);
    const draws = counts.flatMap((count, i) => Array.from({ length: count }, () => i));
    const within = draws.flatMap((a) =>
      draws.filter((b) => b !== a).map((b) => kernel(row(features, a), row(features, b))),
    );
    const real = Array.from({ length: 20 }, (_, i) => row(reference.features, i));
    const across = draws.flatMap((a) => real.map((y) => kernel(row(features, a), y)));
    const realWithin = real.flatMap((x, i) => real.filter((_, j) => j !== i).map((y) => kernel(x, y)));
    return average(within) + average(realWithin) - 2 * average(across);
  }

  it('is the average over all pairs of draws but those of a picture with its own copy', () => {
    const features = normalFeatures(2, 6, AXES);
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 5, maxLength: 5 }), (some) => {
        // A resample has as many pictures as there are.
        const sum = some.reduce((total, count) => total + count, 0);
        fc.pre(sum <= 6 && !(sum === 0));
        const counts = [...some, 6 - sum];
        fc.pre(counts.filter((count) => count > 0).length > 1);
        const [resampled] = kernelDistances(features, reference, [Uint16Array.from(counts)]);
        expect(resampled).toBeCloseTo(byDefinition(features, counts), 8);
      }),
    );
  });

  it('lies about the distance itself, not above it', () => {
    const { features, labels } = classesInTurn(4, 60);
    const { features: realFeatures, labels: realLabels } = classesInTurn(5, 60);
    const withClasses = kernelReference(realFeatures, 2, { labels: realLabels });
    const noise = keyedNoise({ seed: 3 });
    const resamples = Array.from({ length: 400 }, (_, r) => resampleCounts(labels, noise.fork(r)));
    const replicates = kernelDistances(features, withClasses, resamples, { labels });
    const value = kernelDistance(features, withClasses, { labels });
    expect(Math.abs(mean(replicates) - value)).toBeLessThan(0.25 * deviation(replicates));
  });

  it('stays finite where every class holds copies of one picture only', () => {
    const { features, labels } = classesInTurn(4, 6);
    const [resampled] = kernelDistances(features, reference, [Uint16Array.of(2, 2, 2, 0, 0, 0)], { labels });
    expect(resampled).toSatisfy(Number.isFinite);
  });

  it('refuses counts that take a picture of one class for one of another, where it is told the labels', () => {
    const pictures = classesInTurn(2, 9);
    const told = (counts: number[]) =>
      kernelDistances(
        pictures.features,
        kernelReference(normalFeatures(1, 20, AXES), 2),
        [Uint16Array.from(counts)],
        {
          labels: pictures.labels,
        },
      );
    expect(told([2, 1, 1, 0, 1, 1, 1, 1, 1])).toHaveLength(1);
    expect(() => told([2, 0, 1, 1, 1, 1, 1, 1, 1])).toThrow('hold 1 more pictures of class 0');
  });

  it('refuses counts of other pictures, and of more or fewer than there are', () => {
    const resampled = (counts: Uint16Array) =>
      kernelDistances(normalFeatures(2, 6, AXES), reference, [counts]);
    for (const length of [5, 7]) {
      expect(() => resampled(new Uint16Array(length).fill(1))).toThrow(ShapeMismatchError);
    }
    for (const each of [0, 2])
      expect(() => resampled(new Uint16Array(6).fill(each))).toThrow(InvalidOptionError);
  });
});
