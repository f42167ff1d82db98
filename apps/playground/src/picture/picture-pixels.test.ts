import type { ImageRgb } from '@tessera/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { difference, keptPixels, rgbaOf, tokenOfPixel } from './picture-pixels.js';

const shape = { height: 4, width: 2 };
const size = { width: 6, height: 12 };
const pixels = size.width * size.height;
const image: fc.Arbitrary<ImageRgb> = fc
  .uint8Array({ minLength: pixels * 3, maxLength: pixels * 3 })
  .map((data) => ({ ...size, data }));
const mask = fc.uint8Array({ min: 0, max: 1, minLength: 8, maxLength: 8 });

it('gives each token the same number of pixels', () => {
  const counts = new Array(8).fill(0);
  for (let pixel = 0; pixel < pixels; pixel++) counts[tokenOfPixel(pixel, size, shape)]++;
  expect(counts).toEqual(new Array(8).fill(pixels / 8));
});

it('counts the kept pixels of a picture in the middle of a larger one', () => {
  const before = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const after = { width: 4, height: 3, data: new Uint8Array(36) };
  after.data.set(before.data, (4 + 1) * 3);
  const repainted = { width: 4, height: 3, data: new Uint8Array(12) };
  expect(keptPixels(before, after, repainted)).toEqual({ kept: 2, equal: 2 });
  after.data[(4 + 2) * 3] = 0;
  expect(keptPixels(before, after, repainted)).toEqual({ kept: 2, equal: 1 });
  repainted.data[4 + 2] = 255;
  expect(keptPixels(before, after, repainted)).toEqual({ kept: 1, equal: 1 });
});

it('shows only known tokens', () => {
  fc.assert(
    fc.property(image, mask, (picture, known) => {
      const rgba = rgbaOf(picture, shape, known);
      for (let pixel = 0; pixel < pixels; pixel++) {
        expect(rgba[pixel * 4 + 3]).toBe(known[tokenOfPixel(pixel, size, shape)] ? 255 : 0);
      }
    }),
  );
});

it('finds no difference between a picture and itself, and the same one either way', () => {
  fc.assert(
    fc.property(image, image, (a, b) => {
      expect(difference(a, a)).toEqual({ image: { ...size, data: new Uint8Array(pixels * 3) }, mean: 0 });
      expect(difference(a, b)).toEqual(difference(b, a));
    }),
  );
});
