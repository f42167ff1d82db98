import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  float32ToFloat16,
  MAR_PRESETS,
  type MarConfig,
  type MarConfigJson,
  marKeys,
  type TensorToWrite,
  writeSafetensors,
} from '@tessera/convert';

/** Models of random weights, by name: the sizes of those that are published. */
export const RANDOM_MODELS: Readonly<Record<string, MarConfigJson>> = {
  'mar-b': MAR_PRESETS['mar-base'],
  'mar-l': MAR_PRESETS['mar-large'],
  'mar-h': MAR_PRESETS['mar-huge'],
};

/** The file of a checkpoint folder that holds the weights, beside `config.json`. */
export const CHECKPOINT_FILE = 'mar.safetensors';

/**
 * Writes a checkpoint of random weights in half floats: `mar.safetensors` and `config.json`. The same sizes always give
 * the same weights. They are scaled so that activations stay near 1: what is timed has no denormal and no infinite
 * numbers in it.
 *
 * @param json with every size given
 */
export async function writeRandomCheckpoint(folder: string, json: MarConfigJson): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeRandomTensors(join(folder, CHECKPOINT_FILE), marKeys(completeConfig(json)));
  await writeFile(join(folder, 'config.json'), `${JSON.stringify({ mar: json }, null, 2)}\n`);
}

/** Writes random tensors in half floats as a safetensors file. */
export async function writeRandomTensors(
  path: string,
  keys: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  const uniform = uniformNumbers(1);
  const tensors: Record<string, TensorToWrite> = {};
  for (const [key, shape] of keys) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    const { mean, deviation } = distributionOf(key, shape);
    // Uniform within ±√3 standard deviations.
    const reach = Math.sqrt(3) * deviation;
    for (let i = 0; i < values.length; i++) values[i] = mean + reach * (2 * uniform() - 1);
    tensors[key] = { shape, data: float32ToFloat16(values) ?? values };
  }
  await writeSafetensors(path, tensors);
}

function distributionOf(key: string, shape: readonly number[]): { mean: number; deviation: number } {
  if (shape.length === 1 && key.endsWith('.weight')) return { mean: 1, deviation: 0.02 };
  if (key.endsWith('.bias') || !key.endsWith('.weight') || key.startsWith('class_emb')) {
    return { mean: 0, deviation: 0.02 };
  }
  // adaLN and the last layer start at zero in training and stay small.
  if (key.includes('adaLN') || key.includes('final_layer')) return { mean: 0, deviation: 0.01 };
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1);
  return { mean: 0, deviation: 1 / Math.sqrt(fanIn) };
}

/** @param json with every size given */
export function completeConfig(json: MarConfigJson): MarConfig {
  const sizes = json as Required<MarConfigJson>;
  const patchSize = sizes.patch_size;
  const side = sizes.img_size / sizes.vae_stride / patchSize;
  const stack = (width: number, depth: number, heads: number) => ({
    width,
    depth,
    heads,
    hidden: width * sizes.mlp_ratio,
  });
  return {
    grid: { height: side, width: side, channels: sizes.vae_embed_dim * patchSize ** 2 },
    latents: { channels: sizes.vae_embed_dim, patchSize, stride: sizes.vae_stride },
    encoder: stack(sizes.encoder_embed_dim, sizes.encoder_depth, sizes.encoder_num_heads),
    decoder: stack(sizes.decoder_embed_dim, sizes.decoder_depth, sizes.decoder_num_heads),
    buffer: sizes.buffer_size,
    classes: sizes.class_num,
    head: { width: sizes.diffloss_w, depth: sizes.diffloss_d },
    epsilon: 1e-6,
  };
}

/** Uniform in [0, 1): xorshift32 (Marsaglia 2003). Weights need be neither independent nor unpredictable. */
export function uniformNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
