import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ConvertOptions,
  convertModel,
  lightgenKeys,
  marKeys,
  resolveVaeConfig,
  type VaeConfigJson,
  vaeKeys,
} from '@tessera/convert';
import { classesOf, type Manifest, parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import { openGraph, recordSample } from '@tessera/runtime-node';
import { writeRandomCheckpoint } from '../../../../packages/convert/src/testing/random-weights.js';
import { textEncoderKeys } from '../../../../packages/convert/src/text-encoder/text-encoder-graph.js';
import { MODEL_PATHS } from '../../src/model-loading/model-paths.js';

const heads = 2;
const stack = { width: 32, depth: 1, heads, hidden: 16 };
const head = { width: 16, depth: 1 };
const autoencoder = {
  ch: 8,
  num_res_blocks: 1,
  z_channels: 16,
  group_norm_groups: 4,
  pixel_shuffle: 2,
};

/**
 * Puts models of random weights in the places of a built site's embedded ones. They are the same to all but the eye: the
 * name, the grid, the classes, the tokenizer and the advice. They draw in a tenth of the time, noise in place of pictures.
 */
export async function writeQuickModels(site: string): Promise<void> {
  await Promise.all([
    writeClassModel(join(site, MODEL_PATHS.class)),
    writeTextModel(join(site, MODEL_PATHS.text)),
  ]);
}

async function writeClassModel(out: string): Promise<void> {
  const manifest = await manifestIn(modelFolder);
  const { grid, latents } = manifest;
  const { names, count } = classesOf(manifest);
  const keys = marKeys({
    ...{ grid, latents, head, encoder: stack, decoder: stack, buffer: 4, classes: count, epsilon: 1e-6 },
  });
  const config = {
    ...{ encoder_num_heads: heads, decoder_num_heads: heads, buffer_size: 4, vae_stride: latents.stride },
    ...{ img_size: grid.width * latents.stride, patch_size: latents.patchSize },
  };
  await write(out, manifest, keys, config, { ...autoencoder, ch_mult: [1, 1] }, { classNames: names! });
}

async function writeTextModel(out: string): Promise<void> {
  const manifest = await manifestIn(textModelFolder);
  const { grid, latents, condition } = manifest;
  if (condition.kind !== 'text') throw new Error('The embedded text model takes no text.');
  const tokenizer = fileURLToPath(new URL('tokenizer.json', textModelFolder));
  const { model } = JSON.parse(await readFile(tokenizer, 'utf8')) as { model: { vocab: object } };
  const keys = lightgenKeys({
    ...{ grid, latents, head, encoder: stack, decoder: stack, cross: stack },
    aligner: { ...stack, depth: 0 },
    text: condition,
    positions: { side: grid.width, offset: 0.1 },
    epsilon: 1e-6,
  });
  const config = {
    ...{ encoder_num_heads: heads, max_length: condition.length, vae_stride: latents.stride },
    ...{ patch_size: latents.patchSize, img_size: grid.width * latents.stride * latents.patchSize },
  };
  const tokens = condition.encoder?.tokens ?? condition.length;
  const parts = [condition.length - tokens].filter((count) => count > 0);
  const textKeys = textEncoderKeys({
    kind: 'word-pieces',
    vocabulary: Object.keys(model.vocab).length,
    ...{ width: condition.width, inner: condition.width, length: condition.length, tokens },
    ...(parts.length > 0 && { memory: { entries: 2, parts, channels: 2 } }),
    ...{ depth: 1, heads, hidden: 16, epsilon: 1e-6, buckets: 0, maxDistance: 0 },
  }).set('position_embedding', [1, tokens, condition.width]);
  const folder = await mkdtemp(join(tmpdir(), 'tessera-quick-'));
  try {
    const checkpoint = join(folder, 'text.safetensors');
    await writeRandomCheckpoint(checkpoint, textKeys);
    const memory = parts.length > 0 && { memory_parts: parts };
    const text = { checkpoint, tokenizer, config: { num_attention_heads: heads, ...memory } };
    await write(out, manifest, keys, config, { ...autoencoder, ch_mult: [1, 1, 1] }, { text });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Converts random weights into the folder of a model that is like another one. */
async function write(
  out: string,
  { name, sampling }: Manifest,
  keys: ReadonlyMap<string, readonly number[]>,
  config: ConvertOptions['mar']['config'],
  vaeConfig: VaeConfigJson,
  more: Pick<ConvertOptions, 'classNames' | 'text'>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-quick-'));
  try {
    const [mar, vae] = [join(folder, 'mar.safetensors'), join(folder, 'vae.safetensors')];
    await writeRandomCheckpoint(mar, keys);
    await writeRandomCheckpoint(vae, vaeKeys(resolveVaeConfig(vaeConfig)));
    await rm(out, { recursive: true, force: true });
    await convertModel({
      mar: { checkpoint: mar, config: config! },
      vae: { checkpoint: vae, config: vaeConfig },
      ...{ out, name, sampling, licence: 'none', source: 'random weights', openGraph, recordSample, ...more },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const manifestIn = async (folder: URL): Promise<Manifest> =>
  parseManifest(await readFile(new URL('mar.json', folder), 'utf8'));
