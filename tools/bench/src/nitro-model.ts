import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  convertModel,
  type DcAeConfig,
  dcAeKeys,
  dcAeLayers,
  type NitroConfig,
  nitroKeys,
} from '@tessera/convert';
import type { StorageType } from '@tessera/format';
import { writeRandomTensors } from './random-checkpoint.js';

/** The released model's sizes. */
const MODEL: NitroConfig = {
  grid: { height: 16, width: 16, channels: 32 },
  latents: { channels: 32, patchSize: 1, stride: 32 },
  prediction: 'velocity',
  trainSteps: 1000,
  decoder: { width: 768, heads: 24, hidden: 2304, norm: 'layer' },
  split: [4, 16, 4],
  text: { length: 128, width: 2048 },
  positionExtent: 96,
  head: { width: 768, depth: 8 },
  epsilon: 1e-6,
};

/** Those of its joint variant. */
const JOINT: NitroConfig = {
  ...MODEL,
  decoder: { ...MODEL.decoder, norm: 'rms' },
  head: { ...MODEL.head, attention: { heads: 12, hidden: 2048 } },
};

/** dc-ae-f32c32-sana-1.0's sizes. */
const AUTOENCODER: DcAeConfig = {
  latentChannels: 32,
  latentScale: 0.41407,
  stride: 32,
  layers: dcAeLayers([
    { width: 128, kinds: ['residual', 'residual', 'residual'] },
    { width: 256, kinds: ['residual', 'residual', 'residual'] },
    { width: 512, kinds: ['residual', 'residual', 'residual'] },
    { width: 512, kinds: ['efficient-vit', 'efficient-vit', 'efficient-vit'] },
    { width: 1024, kinds: ['efficient-vit', 'efficient-vit', 'efficient-vit'] },
    { width: 1024, kinds: ['efficient-vit', 'efficient-vit', 'efficient-vit'] },
  ]),
  widths: [1024, 128],
  headSize: 32,
  scales: [5],
  expansion: 4,
  epsilon: 1e-5,
};

/** The models of Nitro-AR's sizes, by name. */
export const NITRO_MODELS: Readonly<Record<string, NitroConfig>> = {
  'nitro-ar': MODEL,
  'nitro-joint': JOINT,
};

/**
 * Makes a model of random weights, with its decoder and without a text encoder, unless it lies there already.
 *
 * @param name of {@link NITRO_MODELS}
 * @returns its folder
 */
export async function makeNitroModel(name: string, cacheFolder: string, dtype: StorageType): Promise<string> {
  const folder = join(cacheFolder, `${name}-${dtype}`);
  if (existsSync(join(folder, 'mar.json'))) return folder;
  const files = [
    [join(cacheFolder, `${name}.safetensors`), nitroKeys(NITRO_MODELS[name]!)],
    [join(cacheFolder, 'dc-ae.safetensors'), dcAeKeys(AUTOENCODER)],
  ] as const;
  await mkdir(cacheFolder, { recursive: true });
  for (const [path, keys] of files) if (!existsSync(path)) await writeRandomTensors(path, keys);
  const [[checkpoint], [vae]] = files;
  await convertModel({
    mar: { checkpoint, config: 'nitro-ar' },
    vae: { checkpoint: vae, config: {} },
    ...{ out: folder, dtype, name, licence: 'none', source: 'random weights', overwrite: true },
  });
  return folder;
}
