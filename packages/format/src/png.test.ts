import { expect, test } from 'vitest';
import { pngBytes, readPngBytes } from './png.js';

const image = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };

test('a picture and its recipe come back as they were written', () => {
  const read = readPngBytes(pngBytes(image, { name: 'café → “x”', nested: [1] }), 'x.png');
  expect(read.image).toEqual(image);
  expect(JSON.parse(read.recipe!)).toEqual({ name: 'café → “x”', nested: [1] });
});

test('a picture without a recipe has none, and what is no picture is refused', () => {
  expect(readPngBytes(pngBytes(image), 'x.png')).toEqual({ image });
  const text = new TextEncoder().encode('hello');
  expect(() => readPngBytes(text, 'x.png')).toThrow(expect.objectContaining({ code: 'png-file' }));
});

test('a picture that is cut off is told by its name, wherever it ends', () => {
  const bytes = pngBytes(image, { name: 'x' });
  for (const length of [8, 20, 40, bytes.length - 20, bytes.length - 5]) {
    expect(() => readPngBytes(bytes.subarray(0, length), 'x.png')).toThrow(
      expect.objectContaining({ code: 'png-file', message: expect.stringContaining('x.png is') }),
    );
  }
});
