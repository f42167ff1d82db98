import { keyedNoise } from '@tessera/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitReference } from './reference-split.js';

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

  it('takes equally many of each class, as far as there are enough', () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i < 3 ? 0 : 1 + (i % 2)));
    const { chosen } = splitReference(picturesOf(labels), 21, keyedNoise({ seed: 1 }));
    const counts = [0, 1, 2].map((label) => [...chosen].filter((place) => labels[place] === label).length);
    expect(counts).toEqual([3, 9, 9]);
  });

  it('splits alike for the same source and otherwise for another', () => {
    const pictures = picturesOf(Array.from({ length: 60 }, (_, i) => i % 4));
    const chosen = (seed: number) => [...splitReference(pictures, 20, keyedNoise({ seed })).chosen];
    expect(chosen(1)).toEqual(chosen(1));
    expect(chosen(1)).not.toEqual(chosen(2));
  });
});
