import { expect, it } from 'vitest';
import { usualBatch } from './usual-batch.js';

it.each([
  ['cpu', 192, 4],
  ['cpu', 256, 4],
  ['cpu', 768, 1],
  ['webgpu', 192, 8],
  ['cuda', 1280, 8],
])('on %s, a model of width %d draws %d pictures at once', (device, width, batch) => {
  const widths = { encoder: width, decoder: width, head: 64 };
  expect(usualBatch({ device, manifest: { widths } })).toBe(batch);
});
