import { expect, test } from 'vitest';
import { ShapeMismatchError } from '../errors.js';
import { keyedNoise } from './keyed.js';
import { fillTokenNoise } from './token-noise.js';

const images = [
  { noise: keyedNoise({ seed: 1, image: 0 }), positions: Uint32Array.of(3, 9, 200) },
  { noise: keyedNoise({ seed: 1, image: 1 }), positions: Uint32Array.of(0, 9) },
];

test('an image’s rows are the same bits alone and in a batch', () => {
  const batch = fillTokenNoise(images, 4, 6, new Float32Array(5 * 6));
  const alone = images.map((image) =>
    fillTokenNoise([image], 4, 6, new Float32Array(image.positions.length * 6)),
  );
  expect([...batch]).toEqual(alone.flatMap((rows) => [...rows]));
});

test('row by row it is the source’s own token noise', () => {
  const batch = fillTokenNoise(images, 0, 6, new Float32Array(5 * 6));
  expect(batch.slice(18, 24)).toEqual(images[1]!.noise.tokenNormal(0, 0, new Float32Array(6)));
});

test('an array of another length is refused', () => {
  expect(() => fillTokenNoise(images, 0, 6, new Float32Array(24))).toThrow(ShapeMismatchError);
});
