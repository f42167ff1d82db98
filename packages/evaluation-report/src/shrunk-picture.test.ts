import { expect, test } from 'vitest';
import { shrunkPicture } from './shrunk-picture.js';

test('a small picture stays as it is', () => {
  const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  expect(shrunkPicture(image, 2)).toBe(image);
});

test('a pixel is the mean of the square it stands for', () => {
  const data = new Uint8Array(5 * 4 * 3);
  for (let pixel = 0; pixel < 20; pixel++) data.set([pixel * 10, 0, 255], pixel * 3);
  expect(shrunkPicture({ width: 5, height: 4, data }, 3)).toEqual({
    width: 2,
    height: 2,
    data: Uint8Array.of(30, 0, 255, 50, 0, 255, 130, 0, 255, 150, 0, 255),
  });
});
