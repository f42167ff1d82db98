import { constantGuidance, lazyMar, leastLikelyCorrector } from '@tessera/core';
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

test('draws a variant with all that it says of sampling', async () => {
  const [plain] = ARMS;
  const variants = [
    { ...plain!, name: 'plain', guidance: constantGuidance(2) },
    {
      ...plain!,
      name: 'reusing',
      guidance: constantGuidance(2),
      reuse: lazyMar({ refresh: 2, parts: ['guidance'] }),
    },
    {
      ...plain!,
      name: 'corrected',
      guidance: constantGuidance(2),
      corrector: leastLikelyCorrector({ share: 0.5 }),
    },
  ];
  const drawn = await drawVariants({ ...options, n: 1, variants, store: memoryStore() });
  const [once, reusing, corrected] = drawn.map(([picture]) => picture!.passes);
  expect(reusing).toBeLessThan(once!);
  expect(corrected).toBeGreaterThan(once!);
});
