import { readFileSync } from 'node:fs';
import { InvalidOptionError, keyedNoise } from '@tessera/core';
import { NonFiniteError, ShapeMismatchError } from '@tessera/core/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frechetDistance, frechetReference, frechetResampler } from './frechet-distance.js';
import { resampleCounts } from './resampling.js';
import { deviation, normalFeatures, repeatRows } from './testing/synthetic-features.js';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/distances.json', import.meta.url), 'utf8')) as {
  width: number;
  first: number[];
  second: number[];
  frechet: number;
};

/** The corners of a cube: mean 0, covariance 8/7 of the identity, exactly. */
const CUBE = Array.from({ length: 8 }, (_, i) => [i & 1 ? 1 : -1, i & 2 ? 1 : -1, i & 4 ? 1 : -1] as const);
const box = (scales: readonly number[], centre: readonly number[]): Float32Array =>
  Float32Array.from(CUBE.flatMap((corner) => corner.map((side, k) => centre[k]! + scales[k]! * side)));

const triple = (min: number, max: number) =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: 3, maxLength: 3 });

describe('frechetDistance', () => {
  it('gives what the reference implementation in NumPy gives', () => {
    const { width, first, second, frechet } = fixture;
    const reference = frechetReference(Float32Array.from(second), width);
    expect(frechetDistance(Float32Array.from(first), reference)).toBeCloseTo(frechet, 9);
  });

  it('is |μ − μ′|² + Σ (σ − σ′)² for independent axes', () => {
    fc.assert(
      fc.property(
        triple(0.1, 3),
        triple(0.1, 3),
        triple(-2, 2),
        triple(-2, 2),
        (scales, otherScales, centre, otherCentre) => {
          const expected = [0, 1, 2].reduce(
            (sum, k) =>
              sum +
              (centre[k]! - otherCentre[k]!) ** 2 +
              ((scales[k]! - otherScales[k]!) * Math.sqrt(8 / 7)) ** 2,
            0,
          );
          const reference = frechetReference(box(otherScales, otherCentre), 3);
          expect(frechetDistance(box(scales, centre), reference)).toBeCloseTo(expected, 4);
        },
      ),
    );
  });

  it('is the same in both directions, and 0 from features to themselves', () => {
    const axes = [1, 2, 0.5, 1].map((scale, k) => ({ mean: k / 3, deviation: scale }));
    const first = normalFeatures(1, 40, axes);
    const second = normalFeatures(2, 30, axes.toReversed());
    const there = frechetDistance(first, frechetReference(second, 4));
    const back = frechetDistance(second, frechetReference(first, 4));
    expect(there).toBeCloseTo(back, 9);
    expect(there).toBeGreaterThan(0.5);
    expect(Math.abs(frechetDistance(first, frechetReference(first, 4)))).toBeLessThan(1e-9);
  });

  it('works with fewer pictures than features', () => {
    const axes = Array.from({ length: 12 }, () => ({ mean: 0, deviation: 1 }));
    const reference = frechetReference(normalFeatures(1, 200, axes), 12);
    const few = frechetDistance(normalFeatures(2, 5, axes), reference);
    const many = frechetDistance(normalFeatures(2, 100, axes), reference);
    expect(few).toBeGreaterThan(many);
  });

  it('refuses features of another width and numbers that are not finite', () => {
    const reference = frechetReference(box([1, 1, 1], [0, 0, 0]), 3);
    expect(() => frechetDistance(new Float32Array(10), reference)).toThrow(ShapeMismatchError);
    expect(() => frechetDistance(Float32Array.of(1, 2, Number.NaN, 1, 2, 3), reference)).toThrow(
      NonFiniteError,
    );
    expect(() => frechetDistance(new Float32Array(3), reference)).toThrow(/two pictures/);
  });
});

describe('frechetResampler', () => {
  const axes = [1, 0.5, 2].map((scale) => ({ mean: 0.2, deviation: scale }));
  const reference = frechetReference(normalFeatures(1, 100, axes), 3);
  const features = normalFeatures(2, 12, axes.toReversed());

  it('gives the distance of the pictures repeated as often as they count', () => {
    const resampled = frechetResampler(features, reference);
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), (counts) => {
        fc.pre(counts.filter((count) => count > 0).length > 1);
        const repeated = frechetDistance(repeatRows(features, counts, 3), reference);
        // Two different pictures leave eigenvalues that are 0 but for rounding, of which the roots are taken.
        expect(resampled(Uint16Array.from(counts))).toBeCloseTo(repeated, 6);
      }),
    );
  });

  it('is, made linear, the distance itself where every picture counts once', () => {
    const once = new Uint16Array(12).fill(1);
    const linear = frechetResampler(features, reference, { linear: true });
    expect(linear(once)).toBeCloseTo(frechetDistance(features, reference), 9);
    const wide = Array.from({ length: 20 }, () => ({ mean: 0, deviation: 1 }));
    const few = normalFeatures(2, 12, wide);
    const wideReference = frechetReference(normalFeatures(1, 100, wide), 20);
    const linearOfFew = frechetResampler(few, wideReference, { linear: true });
    expect(linearOfFew(once)).toBeCloseTo(frechetDistance(few, wideReference), 6);
  });

  it('varies, made linear, by as much as the exact one from resample to resample', () => {
    const many = normalFeatures(3, 400, axes.toReversed());
    const noise = keyedNoise({ seed: 5 });
    const counts = Array.from({ length: 300 }, (_, r) => resampleCounts(new Uint8Array(400), noise.fork(r)));
    const exact = counts.map(frechetResampler(many, reference));
    const linear = counts.map(frechetResampler(many, reference, { linear: true }));
    expect(deviation(linear) / deviation(exact)).toBeGreaterThan(0.95);
    expect(deviation(linear) / deviation(exact)).toBeLessThan(1.05);
    const gaps = exact.map((value, r) => value - linear[r]!);
    expect(deviation(gaps)).toBeLessThan(0.1 * deviation(exact));
  });

  it('refuses counts of other pictures, and of too few', () => {
    for (const linear of [false, true]) {
      const resampled = frechetResampler(features, reference, { linear });
      for (const length of [0, 11, 13]) {
        expect(() => resampled(new Uint16Array(length).fill(1))).toThrow(ShapeMismatchError);
      }
      for (const counts of [new Uint16Array(12), Uint16Array.of(1, ...new Uint16Array(11))]) {
        expect(() => resampled(counts)).toThrow(InvalidOptionError);
      }
    }
    const linear = frechetResampler(features, reference, { linear: true });
    expect(() => linear(new Uint16Array(12).fill(2))).toThrow(/counts = 24 in all: must be 12 in all/);
  });
});
