import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  convertModel,
  type MarConfigJson,
  resolveVaeConfig,
  type VaeConfigJson,
  vaeKeys,
} from '@tessera/convert';
import { writeRandomTensors } from './random-checkpoint.js';

/** Of few operations: what is looked at is what draws with it. */
const VAE: VaeConfigJson = {
  ch: 8,
  ch_mult: [1, 1],
  num_res_blocks: 1,
  z_channels: 16,
  group_norm_groups: 4,
  pixel_shuffle: 2,
};

const golden = (file: string): string =>
  fileURLToPath(new URL(`../../../fixtures/golden/A/${file}`, import.meta.url));

/**
 * The small test model: the MAR of random weights in `fixtures/`, with 8 × 8 tokens, and an autoencoder of random weights that
 * makes 32 × 32 pixels of them. Converted once.
 *
 * @returns its folder
 */
export async function smallModel(cacheFolder: string): Promise<string> {
  const out = join(cacheFolder, 'small-fp32');
  if (existsSync(out)) return out;
  await mkdir(cacheFolder, { recursive: true });
  const vae = join(cacheFolder, 'small-vae.safetensors');
  await writeRandomTensors(vae, vaeKeys(resolveVaeConfig(VAE)));
  const config = JSON.parse(await readFile(golden('config.json'), 'utf8')) as MarConfigJson;
  await convertModel({
    mar: { checkpoint: golden('weights.safetensors'), config: { ...config, img_size: 32, vae_stride: 4 } },
    vae: { checkpoint: vae, config: VAE },
    ...{ out, dtype: 'fp32', name: 'small', licence: 'none', source: 'fixtures/golden' },
  });
  return out;
}
