import { InvalidOptionError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { HeadSizes } from '../mar/mar-config.js';

/**
 * What a Nitro-AR checkpoint's tensors don't tell, under the names that the published code uses. The defaults are the
 * released model's.
 */
export interface NitroConfigJson {
  /** Rows and columns of the token grid. @default 16 */
  readonly sample_size?: number;
  /** Rows of text that a prompt is padded or cut to. @default 128 */
  readonly max_length?: number;
  /** Rows and columns of the position table that the grid's is cut out of. @default 96 */
  readonly pos_embed_max_size?: number;
  /** Pixels that a latent cell of the autoencoder spans. @default 32 */
  readonly vae_stride?: number;
  /** @default 1000 */
  readonly num_train_timesteps?: number;
  /** Of the flow's timesteps; 1 is the one that is known. @default 1 */
  readonly shift?: number;
}

/** All sizes of a Nitro-AR model. */
export interface NitroConfig extends HeadSizes {
  readonly prediction: 'velocity';
  readonly trainSteps: number;
  readonly latents: { readonly channels: number; readonly patchSize: 1; readonly stride: number };
  /** The transformer; its norms are layer norms, or, in the joint variant, RMS norms with weights. */
  readonly decoder: {
    readonly width: number;
    readonly heads: number;
    readonly hidden: number;
    readonly norm: 'layer' | 'rms';
  };
  /** With `attention`, of the joint variant, its blocks attend from position to position; `hidden` is their MLPs' width. */
  readonly head: HeadSizes['head'] & {
    readonly attention?: { readonly heads: number; readonly hidden: number };
  };
  /** Blocks of the three groups. */
  readonly split: readonly [before: number, inside: number, after: number];
  readonly text: { readonly length: number; readonly width: number };
  /** Rows and columns of the position table that the grid's is cut out of. */
  readonly positionExtent: number;
}

/** ε of the blocks' first norms; all others have `NitroConfig.epsilon`. */
export const FIRST_NORM_EPSILON = 1e-5;

/** Width of an attention head of the joint variant's diffusion head. */
const HEAD_SIZE = 64;

const UNKNOWN = Number.NaN;

/**
 * Completes a configuration from a checkpoint's tensors; see `resolveMarConfig`.
 *
 * @throws InvalidOptionError for sizes out of range or in contradiction
 */
export function resolveNitroConfig(json: NitroConfigJson, checkpoint: Checkpoint): NitroConfig {
  const { sample_size: side = 16, max_length: length = 128, pos_embed_max_size: extent = 96 } = json;
  const { num_train_timesteps: trainSteps = 1000, shift = 1, vae_stride: stride = 32 } = json;
  assertInteger('sample_size', side, 4, extent);
  if (side % 4 !== 0) throw new InvalidOptionError('sample_size', side, 'must be divisible by 4');
  assertInteger('max_length', length, 1);
  assertInteger('vae_stride', stride, 1);
  assertInteger('num_train_timesteps', trainSteps, 2);
  if (shift !== 1) throw new InvalidOptionError('shift', shift, 'must be 1, as in the released models');
  const extentOf = (key: string, axis: number): number => checkpoint.shape(key)?.[axis] ?? UNKNOWN;
  const channels = extentOf('x_proj.weight', 1);
  const width = extentOf('x_proj.weight', 0);
  const heads = width / extentOf('block_groups.0.0.attn.norm_q.weight', 0);
  if ((!Number.isInteger(heads) || width % 16 !== 0) && !Number.isNaN(heads)) {
    throw new InvalidOptionError(
      'x_proj.weight',
      width,
      'its rows must be a whole number of heads, and divisible by 16',
    );
  }
  const isJoint = checkpoint.shape('global_z_proj.0.weight') !== undefined;
  const headWidth = extentOf('diffloss.net.input_proj.weight', 0);
  if (isJoint && headWidth % HEAD_SIZE !== 0) {
    throw new InvalidOptionError('diffloss_w', headWidth, `must be divisible by ${HEAD_SIZE}`);
  }
  const hidden = extentOf('diffloss.net.res_blocks.0.mlp.fc1_g.weight', 0);
  const blocks = (group: number): number => Math.max(1, checkpoint.count(`block_groups.${group}`));
  return {
    grid: { height: side, width: side, channels },
    latents: { channels, patchSize: 1, stride },
    prediction: 'velocity',
    trainSteps,
    decoder: {
      width,
      heads,
      hidden: extentOf('block_groups.0.0.ff.net.0.proj.weight', 0),
      norm: isJoint ? 'rms' : 'layer',
    },
    split: [blocks(0), blocks(1), blocks(2)],
    text: { length, width: extentOf('context_embedder.weight', 1) },
    positionExtent: extent,
    head: {
      width: headWidth,
      depth: Math.max(1, checkpoint.count('diffloss.net.res_blocks')),
      ...(isJoint ? { attention: { heads: headWidth / HEAD_SIZE, hidden } } : {}),
    },
    epsilon: 1e-6,
  };
}
