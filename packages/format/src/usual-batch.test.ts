import { expect, it } from 'vitest';
import { usualBatch } from './usual-batch.js';

const model = (device: string, decoder: number) => ({ device, manifest: { widths: { decoder } } }) as never;

it.each([
  ['cpu', 192, 4],
  ['cpu', 256, 4],
  ['cpu', 768, 1],
  ['webgpu', 192, 8],
  ['cuda', 1280, 8],
])('on %s, a model of width %d draws %d pictures at once', (device, width, batch) => {
  expect(usualBatch(model(device, width))).toBe(batch);
});
