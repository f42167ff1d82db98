import { expect, it } from 'vitest';
import { recordedBytes, recordedPictures } from './recorded-variant.js';

const WORK = { passes: 128, headEvaluations: 51_200 };
const PICTURES = [0, 1, 2].map((index) => ({
  index,
  features: Float32Array.of(index, 0.1, -3e-5, 7e4),
  seenClass: index === 1 ? null : index,
  seenDamage: index === 2 ? null : 4,
  seconds: 0.25 * index,
  ...WORK,
}));

it('keeps pictures to the last bit', () => {
  const bytes = recordedBytes(PICTURES);
  expect(recordedPictures({ count: 3, ...WORK }, bytes, 4)).toEqual(PICTURES);
  // At an odd address too.
  const moved = new Uint8Array(bytes.length + 1);
  moved.set(bytes, 1);
  expect(recordedPictures({ count: 3, ...WORK }, moved.subarray(1), 4)).toEqual(PICTURES);
});

it('refuses bytes of another number of pictures or features', () => {
  const bytes = recordedBytes(PICTURES);
  for (const [count, width] of [
    [2, 4],
    [3, 3],
  ] as const) {
    expect(() => recordedPictures({ count, ...WORK }, bytes, width)).toThrow(/recorded pictures/);
  }
});
