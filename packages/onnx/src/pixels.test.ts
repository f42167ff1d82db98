import { ShapeMismatchError } from '@tessera/core/model';
import { expect, it } from 'vitest';
import { pixelsFromPlanes, planesFromPixels } from './pixels.js';

it('turns every byte into [−1, 1] and back into itself', () => {
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => i % 256);
  const image = { width: 16, height: 16, data };
  expect(pixelsFromPlanes(planesFromPixels(image), 16, 16)).toEqual(image);
});

it('clips beyond [−1, 1] and rounds halves to even', () => {
  const at = (level: number) => (level / 255) * 2 - 1;
  const planes = Float32Array.of(-7, at(254.4), 1.5, -1, 1, 0, 0, 0, 0, 0, 0, 0);
  expect([...pixelsFromPlanes(planes, 2, 2).data]).toEqual([
    0, 255, 128, 254, 128, 128, 255, 128, 128, 0, 128, 128,
  ]);
});

it('rounds down where told to, and clips all the same', () => {
  const at = (level: number) => (level / 255) * 2 - 1;
  const planes = Float32Array.of(at(254.9), -1.5, 1.5);
  expect([...pixelsFromPlanes(planes, 1, 1, 'down').data]).toEqual([254, 0, 255]);
});

it('interleaves planes row by row', () => {
  const planes = Float32Array.from([-1, 1, -1, -1, 1, -1], (x) => x);
  expect([...pixelsFromPlanes(planes, 1, 2).data]).toEqual([0, 0, 255, 255, 0, 0]);
});

it('refuses another number of values', () => {
  expect(() => pixelsFromPlanes(new Float32Array(11), 2, 2)).toThrow(ShapeMismatchError);
  expect(() => planesFromPixels({ width: 2, height: 2, data: new Uint8Array(11) })).toThrow(
    ShapeMismatchError,
  );
});
