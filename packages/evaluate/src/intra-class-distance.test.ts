import { InvalidOptionError } from '@tessera/core';
import { NonFiniteError } from '@tessera/core/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intraClassDistance } from './intra-class-distance.js';
import { normalFeatures } from './testing/synthetic-features.js';

describe('intraClassDistance', () => {
  it('is the mean distance between two pictures of one class, every class alike', () => {
    // Class 0: 0, 3, 4 apart by 3, 4, 1; class 1: 10, 20 apart by 10; class 2 has one picture and no say.
    const features = Float32Array.of(0, 10, 3, 20, 4, 99);
    expect(intraClassDistance(features, [0, 1, 0, 1, 0, 2], 1)).toBeCloseTo((8 / 3 + 10) / 2, 12);
  });

  it('is 0 for a sampler that draws one picture a class', () => {
    expect(intraClassDistance(Float32Array.of(1, 2, 5, 6, 1, 2, 5, 6), [0, 1, 0, 1], 2)).toBe(0);
  });

  it('neither heeds where the classes lie nor in which order pictures come', () => {
    const features = normalFeatures(1, 12, [
      { mean: 0, deviation: 1 },
      { mean: 0, deviation: 1 },
    ]);
    const labels = Array.from({ length: 12 }, (_, k) => k % 3);
    const distance = intraClassDistance(features, labels, 2);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 3 }), (shifts) => {
        const moved = features.map((value, i) => value + shifts[Math.floor(i / 2) % 3]!);
        expect(intraClassDistance(moved, labels, 2)).toBeCloseTo(distance, 3);
      }),
    );
    const places = [...labels.keys()].reverse();
    const reversed = Float32Array.from(places.flatMap((k) => [...features.subarray(2 * k, 2 * k + 2)]));
    const reversedLabels = places.map((k) => labels[k]!);
    expect(intraClassDistance(reversed, reversedLabels, 2)).toBeCloseTo(distance, 10);
  });

  it('refuses pictures no two of which are of one class, and features that are not finite', () => {
    expect(() => intraClassDistance(Float32Array.of(1, 2, 3), [0, 1, 2], 1)).toThrow(InvalidOptionError);
    expect(() => intraClassDistance(Float32Array.of(1, Number.NaN), [0, 0], 1)).toThrow(NonFiniteError);
  });
});
