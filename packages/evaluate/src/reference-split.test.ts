import { keyedNoise } from '@tessera/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitReference } from './reference-split.js';
import { mean } from './testing/synthetic-features.js';

const picturesOf = (labels: readonly number[]) => ({
  name: 'some',
  width: 1,
  features: new Float32Array(labels.length),
  labels: Int32Array.from(labels),
});

describe('splitReference', () => {
  it('puts every picture into one of the two parts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 2, maxLength: 40 }), fc.nat(), (labels, seed) => {
        const count = Math.ceil(labels.length / 3);
        const { chosen, rest } = splitReference(picturesOf(labels), count, keyedNoise({ seed }));
        expect(chosen).toHaveLength(count);
        expect([...chosen, ...rest].toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
      }),
    );
  });

  const countsOf = (labels: readonly number[], places: Uint32Array): number[] =>
    [...new Set(labels)].map((label) => places.filter((place) => labels[place] === label).length);

  it('takes equally many of each class, to one, where the classes are of one size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 59 }), fc.nat(), (count, seed) => {
        const labels = Array.from({ length: 60 }, (_, i) => i % 4);
        const { chosen } = splitReference(picturesOf(labels), count, keyedNoise({ seed }));
        const counts = countsOf(labels, chosen);
        expect(Math.max(...counts) - Math.min(...counts)).toBe(count % 4 === 0 ? 0 : 1);
      }),
    );
  });

  it('keeps the mix of unequal classes in both parts, and in as many of the others as are chosen', () => {
    const labels = Array.from({ length: 3300 }, (_, i) => (i % 11 === 0 ? 1 : 0));
    for (let seed = 0; seed < 20; seed++) {
      const { chosen, rest } = splitReference(picturesOf(labels), 600, keyedNoise({ seed }));
      for (const part of [chosen, rest, rest.subarray(0, 600)]) {
        const dogs = part.filter((place) => labels[place] === 1).length;
        expect(Math.abs(dogs - part.length / 11)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('takes its share of classes of one picture too', () => {
    const labels = Array.from({ length: 400 }, (_, i) => Math.min(i, 200));
    const shares = Array.from({ length: 40 }, (_, seed) => {
      const { chosen } = splitReference(picturesOf(labels), 100, keyedNoise({ seed }));
      return chosen.filter((place) => place < 200).length / 100;
    });
    expect(mean(shares)).toBeCloseTo(0.5, 1);
  });

  it('splits alike for the same source and otherwise for another', () => {
    const pictures = picturesOf(Array.from({ length: 60 }, (_, i) => i % 4));
    const chosen = (seed: number) => [...splitReference(pictures, 20, keyedNoise({ seed })).chosen];
    expect(chosen(1)).toEqual(chosen(1));
    expect(chosen(1)).not.toEqual(chosen(2));
  });
});
