import { describe, expect, it } from 'vitest';
import { kernelDistance } from './kernel-distance.js';
import { kernelFloor } from './kernel-floor.js';
import { kernelReference } from './kernel-reference.js';
import { classesInTurn } from './testing/synthetic-features.js';

describe('kernelFloor', () => {
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
    expect(kernelFloor(kernelReference(features, 2, { labels }), { chosen, rest })).toBeCloseTo(expected, 8);
    const plain = kernelDistance(first.features, kernelReference(second.features, 2));
    expect(kernelFloor(kernelReference(features, 2), { chosen, rest })).toBeCloseTo(plain, 8);
  });
});
