import { join } from 'node:path';
import type { TokenGrid } from '@tessera/core';
import { generateImages, halton, type ImageRequest, lazyMar } from '@tessera/core';
import { type ClassInput, type LazyMarOptions, proxyModel } from '@tessera/core/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConvertedMar } from '../converted-models.js';
import { ModelStore } from '../model-store.js';
import { GOLDEN } from '../testing/golden-copy.js';

let store: ModelStore;
let converted: ConvertedMar;
beforeAll(async () => {
  store = await ModelStore.open();
  // Blocks behind the cut are what caches save.
  converted = await store.mar(join(GOLDEN, 'A'), { repeatBlocks: 2, cutBlock: 1 });
});
afterAll(() => store.close());

const image = (classLabel: number): ImageRequest<ClassInput> => ({
  seed: 5,
  imageIndex: classLabel,
  input: { classLabel },
});

/** Tokens of images; steps of 20 diffusion steps amplify, so they begin where it is quiet. */
async function tokens(
  requests: readonly ImageRequest<ClassInput>[],
  reuse?: LazyMarOptions,
  guidance = 3,
): Promise<readonly Float32Array[]> {
  const { shape } = converted.model;
  // The model has no decoder.
  const model = proxyModel(converted.model, {
    decode: async (grids: readonly TokenGrid[]) =>
      grids.map(() => ({ ...shape, data: new Uint8Array(3 * shape.width * shape.height) })),
  });
  const made = await generateImages({
    model,
    requests,
    guidance,
    policy: halton({ steps: 8, diffusionSteps: 50 }),
    ...(reuse ? { reuse: lazyMar(reuse) } : {}),
  });
  return made.map(({ grid }) => grid.tokens);
}

const largest = (left: Float32Array, right: Float32Array): number =>
  left.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0);

describe('a converted model with caches', () => {
  it.each([['guidance', 'tokens', 'head'], ['guidance', 'tokens'], ['tokens'], ['guidance']] as const)(
    'draws as without them where every step refreshes: %s',
    async (...given) => {
      const parts = given.filter((part) => part === 'guidance' || part === 'tokens');
      const [lazy] = await tokens([image(3)], { refresh: 1, parts });
      const [plain] = await tokens([image(3)]);
      expect(largest(lazy!, plain!)).toBeLessThan(2e-3);
    },
  );

  it.each([
    [3, ['guidance', 'tokens', 'head']],
    [3, ['tokens']],
    [3, ['guidance']],
    [1, ['guidance', 'tokens', 'head']],
  ] as const)('draws image k of a batch as it draws it alone, guidance %d, %s', async (scale, parts) => {
    const options = { refresh: 3, keptShare: 0.3, extraRows: 2, parts };
    const start = await partlyKnown();
    // One of them ends earlier, so that the others are a part of the caches' rows.
    const requests = [image(1), { ...image(2), start }, image(4)];
    const together = await tokens(requests, options, scale);
    for (const [i, request] of requests.entries()) {
      const [alone] = await tokens([request], options, scale);
      expect(largest(together[i]!, alone!)).toBeLessThan(2e-3);
    }
  });

  it('draws something else where steps take from earlier ones', async () => {
    const [lazy] = await tokens([image(3)], { refresh: 4, keptShare: 0.05, extraRows: 0 });
    const [plain] = await tokens([image(3)]);
    expect(largest(lazy!, plain!)).toBeGreaterThan(1e-2);
  });

  it('names the caches that a step needs and was not given', async () => {
    const { model } = converted;
    const grid = await partlyKnown();
    const positions = Uint32Array.from([...grid.known.keys()].filter((position) => !grid.known[position]));
    const reuse = { refresh: false, guidance: true, tokens: { keptShare: 1, extraRows: 0 } };
    const asked = model.condition({
      batch: [{ grid, positions, input: { classLabel: 1 }, guided: true, reuse }],
    });
    await expect(asked).rejects.toMatchObject({ code: 'invalid-option', option: 'reuse.previous' });
  });
});

/** A grid whose last rows are masked. */
async function partlyKnown(): Promise<TokenGrid> {
  const { shape } = converted.model;
  const length = shape.height * shape.width;
  const known = Uint8Array.from({ length }, (_, position) => (position < length / 2 ? 1 : 0));
  const values = Float32Array.from({ length: length * shape.channels }, (_, i) => Math.sin(i));
  return { shape, tokens: values, known };
}
