import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertModel } from '@tessera/convert';
import { parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { expect, test } from 'vitest';
import { CHECKPOINT_FILE, writeRandomCheckpoint } from './random-checkpoint.js';
import { transformerSizes } from './transformer-sizes.js';

test("the embedded model's sizes are read off its graph and agree with its manifest", async () => {
  const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
  const { dtype } = manifest.variants[0]!;
  const sizes = await transformerSizes(fileURLToPath(modelFolder), manifest, dtype);
  expect(sizes.encoder.width).toBe(manifest.widths.encoder);
  expect(sizes.decoder.width).toBe(manifest.widths.decoder);
  expect(sizes.length).toBe(manifest.grid.height * manifest.grid.width);
  for (const { width, depth, hidden } of [sizes.encoder, sizes.decoder]) {
    expect(hidden % width).toBe(0);
    expect(depth).toBeGreaterThan(0);
  }
  expect(sizes.buffer).toBeGreaterThan(0);
});

test.each(['fp32', 'fp16', 'int8', 'int4'] as const)(
  'sizes are read off weights stored as %s',
  async (dtype) => {
    const home = await mkdtemp(join(tmpdir(), 'tessera-sizes-'));
    try {
      const config = {
        ...{ img_size: 16, vae_stride: 4, patch_size: 1, vae_embed_dim: 16, class_num: 3, buffer_size: 2 },
        ...{ encoder_embed_dim: 32, encoder_depth: 1, encoder_num_heads: 1, mlp_ratio: 4 },
        ...{ decoder_embed_dim: 64, decoder_depth: 2, decoder_num_heads: 2, diffloss_w: 32, diffloss_d: 1 },
      };
      await writeRandomCheckpoint(home, config);
      const out = join(home, dtype);
      await convertModel({
        ...{ mar: { checkpoint: join(home, CHECKPOINT_FILE), config }, out, dtype },
        ...{ name: 'small', licence: 'none', source: 'none' },
      });
      const manifest = parseManifest(await readFile(join(out, 'mar.json'), 'utf8'));
      expect(await transformerSizes(out, manifest, dtype)).toEqual({
        ...{ length: 16, channels: 16, buffer: 2 },
        encoder: { width: 32, depth: 1, hidden: 128 },
        decoder: { width: 64, depth: 2, hidden: 256 },
      });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
);
