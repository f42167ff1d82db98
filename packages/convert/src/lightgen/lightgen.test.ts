import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convertModel } from '../convert.js';
import { inTemporaryFolder, openWritten } from '../testing/golden.js';
import { writeRandomCheckpoint } from '../testing/random-weights.js';
import type { LightgenConfig, LightgenConfigJson } from './lightgen-config.js';
import { lightgenKeys } from './lightgen-keys.js';

const base: LightgenConfig = {
  grid: { height: 4, width: 6, channels: 8 },
  latents: { channels: 2, patchSize: 2, stride: 8 },
  encoder: { width: 12, depth: 2, heads: 3, hidden: 20 },
  decoder: { width: 12, depth: 2, heads: 2, hidden: 24 },
  cross: { width: 12, depth: 3, heads: 4, hidden: 36 },
  aligner: { width: 12, depth: 2, heads: 3, hidden: 28 },
  text: { length: 7, width: 10 },
  positions: { side: 16, offset: 0.1 },
  head: { width: 16, depth: 2 },
  epsilon: 1e-6,
};

/** Only what can't be read off the tensors. */
const json = ({
  grid,
  encoder,
  decoder,
  cross,
  aligner,
  text,
  latents,
}: LightgenConfig): LightgenConfigJson => ({
  encoder_num_heads: encoder.heads,
  decoder_num_heads: decoder.heads,
  cross_num_heads: cross.heads,
  text_num_heads: aligner.heads,
  max_length: text.length,
  patch_size: latents.patchSize,
  seq_h: grid.height,
  seq_w: grid.width,
});

function convert(folder: string, config: LightgenConfig, given = json(config)) {
  return convertModel({
    mar: { checkpoint: join(folder, 'model.safetensors'), config: given },
    out: join(folder, 'model'),
    dtype: 'fp32',
    name: 'text',
    licence: 'MIT',
    source: 'a test',
    openGraph: openWritten,
  });
}

const shapes: [string, LightgenConfig][] = [
  ['patches of 2 on a grid that is not square', base],
  [
    'the grid of its position tables, of another size than published, and no block that aligns the text',
    {
      ...base,
      grid: { ...base.grid, height: 5, width: 5 },
      positions: { ...base.positions, side: 5 },
      aligner: { width: 12, depth: 0, heads: 3, hidden: 0 },
      cross: { ...base.cross, depth: 1 },
    },
  ],
  ['a grid larger than its tables', { ...base, grid: { ...base.grid, height: 20, width: 17 } }],
];

describe('a LightGen checkpoint', () => {
  it.each(shapes)(
    'with %s converts to graphs that compute what a plain forward pass computes',
    async (_, config) => {
      await inTemporaryFolder(async (folder) => {
        await writeRandomCheckpoint(join(folder, 'model.safetensors'), lightgenKeys(config));
        const { forward, manifest } = await convert(folder, config);
        expect(forward.map(({ output }) => output)).toEqual(['z', 'denoised']);
        for (const { error } of forward) expect(error).toBeLessThan(2e-6);
        expect(manifest).toMatchObject({
          family: 'lightgen',
          condition: { kind: 'text', ...config.text },
          grid: config.grid,
          latents: config.latents,
          widths: { encoder: 12, decoder: 12, head: 16 },
          sampling: { guidance: { schedule: 'constant', scale: 4 }, advice: 'gtr-lightgen' },
        });
      });
    },
  );

  it('is told from a MAR checkpoint by its tensors, and by a missing one named as LightGen has it', async () => {
    await inTemporaryFolder(async (folder) => {
      await writeRandomCheckpoint(join(folder, 'model.safetensors'), lightgenKeys(base), (tensors) => {
        delete tensors['cross_norm.weight'];
      });
      await expect(convert(folder, base)).rejects.toMatchObject({
        missing: ['cross_norm.weight'],
        unexpected: [],
      });
    });
  });

  it.each([
    [{ encoder_num_heads: 5 }, /encoder_num_heads.*divide the width, which is 12/],
    [{ patch_size: 3 }, /patch_size.*8 channels/],
    [{ vae_embed_dim: 3 }, /vae_embed_dim.*8 channels/],
    [{ max_length: 0.5 }, /max_length/],
  ])('refuses %j with a sentence', async (change, problem) => {
    await inTemporaryFolder(async (folder) => {
      await writeRandomCheckpoint(join(folder, 'model.safetensors'), lightgenKeys(base));
      await expect(convert(folder, base, { ...json(base), ...change })).rejects.toThrow(problem);
    });
  });
});
