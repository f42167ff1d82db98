import { expect, test } from 'vitest';
import { drawVariants } from './draw-variants.js';
import type { DrawingOptions } from './evaluation-options.js';
import { memoryStore } from './testing/memory-store.js';
import { ARMS, optionsWith } from './testing/small-evaluation.js';

const options: DrawingOptions = { ...optionsWith(), seed: 3, batch: 4 };

test('draws each variant once for one picture as for many', async () => {
  const [random, raster] = await drawVariants({ ...options, n: 1 });
  expect([random, raster].map((pictures) => pictures!.map(({ index }) => index))).toEqual([[0], [0]]);
});

test.each<[string, Partial<DrawingOptions>, string]>([
  ['a batch of none', { batch: 0 }, 'batch = 0'],
  ['no picture', { n: 0 }, 'n = 0'],
  ['no variant', { variants: [] }, 'give at least one'],
  ['two variants of one name', { variants: [ARMS[0]!, ARMS[0]!] }, 'every variant needs a name of its own'],
])('refuses %s before anything is drawn', async (_, changes, message) => {
  const store = memoryStore();
  await expect(drawVariants({ ...options, store, ...changes })).rejects.toThrow(message);
  expect(store.saved).toEqual([]);
});
