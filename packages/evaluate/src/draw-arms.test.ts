import { expect, test } from 'vitest';
import { type DrawingOptions, drawArms } from './draw-arms.js';
import { memoryStore } from './testing/memory-store.js';
import { ARMS, optionsWith } from './testing/small-evaluation.js';

const options: DrawingOptions = { ...optionsWith(), seed: 3, batch: 4 };

test('draws each arm once for one picture as for many', async () => {
  const [random, raster] = await drawArms({ ...options, n: 1 });
  expect([random, raster].map((pictures) => pictures!.map(({ index }) => index))).toEqual([[0], [0]]);
});

test.each<[string, Partial<DrawingOptions>, string]>([
  ['a batch of none', { batch: 0 }, 'batch = 0'],
  ['no picture', { n: 0 }, 'n = 0'],
  ['no arm', { arms: [] }, 'give at least one'],
  ['two arms of one name', { arms: [ARMS[0]!, ARMS[0]!] }, 'every arm needs a name of its own'],
])('refuses %s before anything is drawn', async (_, changes, message) => {
  const store = memoryStore();
  await expect(drawArms({ ...options, store, ...changes })).rejects.toThrow(message);
  expect(store.saved).toEqual([]);
});
