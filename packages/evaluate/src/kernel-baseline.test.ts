import { InvalidOptionError } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { atOnce } from './chunked.js';
import { kernelBaseline } from './kernel-baseline.js';
import { kernelDistance } from './kernel-distance.js';
import { kernelReference } from './kernel-reference.js';
import { classesInTurn } from './testing/synthetic-features.js';

describe('kernelBaseline', () => {
  it('is the kernel distance of the two parts', () => {
    const { features, labels } = classesInTurn(1, 30);
    const chosen = Uint32Array.of(0, 1, 2, 9, 13, 17, 21, 25);
    const rest = Uint32Array.from(labels.keys()).filter((i) => !chosen.includes(i));
    const part = (places: Uint32Array) => ({
      features: Float32Array.from([...places].flatMap((i) => [...features.subarray(2 * i, 2 * i + 2)])),
      labels: [...places].map((i) => labels[i]!),
    });
    const [first, second] = [part(chosen), part(rest)];
    const expected = kernelDistance(first.features, kernelReference(second.features, 2, second), first);
    const floor = atOnce(kernelBaseline(kernelReference(features, 2, { labels }), { chosen, rest }));
    expect(floor).toBeCloseTo(expected, 8);
    const plain = kernelDistance(first.features, kernelReference(second.features, 2));
    const plainFloor = atOnce(kernelBaseline(kernelReference(features, 2), { chosen, rest }));
    expect(plainFloor).toBeCloseTo(plain, 8);
  });

  it('says what is wrong where no two pictures of a part are of one class', () => {
    const { features } = classesInTurn(1, 8);
    const reference = kernelReference(features, 2, { labels: [0, 1, 2, 3, 0, 1, 2, 3] });
    const split = { chosen: Uint32Array.of(0, 1, 2, 3), rest: Uint32Array.of(4, 5, 6, 7) };
    expect(() => atOnce(kernelBaseline(reference, split))).toThrow(InvalidOptionError);
    expect(() => atOnce(kernelBaseline(reference, split))).toThrow(/labels of 4 pictures of the reference/);
  });
});
