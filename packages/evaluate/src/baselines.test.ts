import { describe, expect, it } from 'vitest';
import { baselineCount, baselineExcess, baselineSample, baselinesOf } from './baselines.js';
import { atOnce } from './chunked.js';
import { frechetDistance, frechetReference } from './frechet-distance.js';
import { kernelReference } from './kernel-reference.js';
import type { ReferencePictures } from './reference-pictures.js';
import { mean, normalFeatures } from './testing/synthetic-features.js';

const WIDTH = 3;
const features = normalFeatures(
  1,
  400,
  [1, 2, 0.5].map((deviation) => ({ mean: 0, deviation })),
);
const labels = Int32Array.from({ length: 400 }, (_, k) => k % 4);
const reference = { name: 'some', width: WIDTH, features, labels };
const kernel = kernelReference(features, WIDTH, { labels });
const samples = (count: number) =>
  Array.from({ length: 12 }, (_, split) =>
    atOnce(baselineSample(reference, kernel, { count, seed: 1, split })),
  );

describe('floors', () => {
  it('fall as the number of pictures grows, of the Fréchet distance; the kernel distance stays at 0', () => {
    const few = baselinesOf(samples(20), 20);
    const many = baselinesOf(samples(160), 160);
    expect(few.frechet.mean).toBeGreaterThan(2 * many.frechet.mean);
    for (const { kid } of [few, many]) expect(Math.abs(kid.mean)).toBeLessThan(kid.spread);
    expect(few).toMatchObject({ count: 20, splits: 12 });
  });

  it('lie above what as good a sampler scores, which is held against more: by floorExcess', () => {
    const axes = [1, 2, 0.5].map((deviation) => ({ mean: 0, deviation }));
    const meanDistance = (realCount: number): number =>
      mean(
        Array.from({ length: 300 }, (_, trial) => {
          const real = frechetReference(normalFeatures(2 * trial, realCount, axes), WIDTH);
          return frechetDistance(normalFeatures(2 * trial + 1, 100, axes), real);
        }),
      );
    expect(meanDistance(100) / meanDistance(200)).toBeCloseTo(1 + baselineExcess(100, 200), 1);
    expect(baselineExcess(100, 200)).toBeCloseTo(1 / 3, 12);
    expect(baselineExcess(1200, 6000)).toBeCloseTo(0.0417, 4);
  });

  it('have a precision and a recall far above those of strangers, and below 1', () => {
    const { precision, recall } = baselinesOf(samples(100), 100);
    for (const floor of [precision, recall]) {
      expect(floor.mean).toBeGreaterThan(0.7);
      expect(floor.mean).toBeLessThan(1);
    }
  });

  it('are the mean and the standard deviation over the splits', () => {
    const all = samples(50);
    const { frechet } = baselinesOf(all, 50);
    const distances = all.map((sample) => sample.frechet);
    expect(frechet.mean).toBeCloseTo(mean(distances), 12);
    expect(frechet.spread ** 2 * 11).toBeCloseTo(
      distances.reduce((sum, distance) => sum + (distance - frechet.mean) ** 2, 0),
      12,
    );
  });

  it('differ from split to split and not from call to call', () => {
    const sample = (split: number) =>
      atOnce(baselineSample(reference, kernel, { count: 50, seed: 1, split }));
    expect(sample(0)).toEqual(sample(0));
    expect(sample(0).frechet).not.toBe(sample(1).frechet);
  });

  it('of unequal classes are those of one class: their mix is no distance', () => {
    // Of ten pictures nine are cats; dogs lie 20 away in one direction.
    const unequal = Int32Array.from({ length: 400 }, (_, k) => (k % 10 === 0 ? 1 : 0));
    const apart = features.map(
      (value, i) => value + (i % WIDTH === 0 ? 20 * unequal[Math.floor(i / WIDTH)]! : 0),
    );
    const pictures = { name: 'unequal', width: WIDTH, features: apart, labels: unequal };
    const prepared = kernelReference(apart, WIDTH, { labels: unequal });
    const one = kernelReference(features, WIDTH);
    const floorOf = (of: ReferencePictures, ready: typeof one) =>
      baselinesOf(
        Array.from({ length: 12 }, (_, split) =>
          atOnce(baselineSample(of, ready, { count: 100, seed: 1, split })),
        ),
        100,
      );
    const { frechet } = floorOf(pictures, prepared);
    // Half as many dogs as cats among the chosen would be 80 away.
    expect(frechet.mean).toBeLessThan(3 * floorOf({ name: 'one', width: WIDTH, features }, one).frechet.mean);
  });

  it('are taken at half of the real pictures where a variant has more', () => {
    expect([baselineCount(1200, 6000), baselineCount(5000, 6000)]).toEqual([1200, 3000]);
  });
});
