import { InvalidOptionError } from '@tessera/core';
import { assertInteger, assertNumber } from '@tessera/core/model';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { gridSide, type MarConfig, type MarConfigJson, type StackConfig } from '../mar/mar-config.js';

/**
 * A LightGen model's sizes under the names that the published code uses. Depths, widths and the text encoder's width are
 * read off the checkpoint's tensors; what is listed here can't be, or may differ from them in a configuration at hand.
 */
export interface LightgenConfigJson
  extends Pick<
    MarConfigJson,
    'seq_h' | 'seq_w' | 'img_size' | 'vae_stride' | 'patch_size' | 'vae_embed_dim' | 'norm_eps'
  > {
  readonly encoder_num_heads: number;
  /** @default encoder_num_heads */
  readonly decoder_num_heads?: number;
  /** @default encoder_num_heads */
  readonly cross_num_heads?: number;
  /** Of the blocks that align the text. @default encoder_num_heads */
  readonly text_num_heads?: number;
  /** Rows of text that a prompt is padded or cut to. @default 128 */
  readonly max_length?: number;
  /** Added to a side before the position tables are scaled to it. @default 0.1 */
  readonly interpolate_offset?: number;
}

/** All sizes of a LightGen model: encoder, decoder and cross-attention stage have one width. */
export interface LightgenConfig extends Omit<MarConfig, 'buffer' | 'classes'> {
  /** The cross-attention stage. */
  readonly cross: StackConfig;
  /** The blocks that align the text; their depth may be 0. */
  readonly aligner: StackConfig;
  readonly text: { readonly length: number; readonly width: number };
  /** Rows and columns of the position tables, and what is added to a side before they are scaled to it. */
  readonly positions: { readonly side: number; readonly offset: number };
}

/** The released models' sizes that no tensor tells: 512×512 pixels, patches of 2×2 cells of 8×8 pixels. */
export const LIGHTGEN: LightgenConfigJson = {
  encoder_num_heads: 16,
  img_size: 512,
  vae_stride: 8,
  patch_size: 2,
  vae_embed_dim: 16,
};

const UNKNOWN = Number.NaN;

const SIZES = [
  'decoder_num_heads',
  'cross_num_heads',
  'text_num_heads',
  'max_length',
  'seq_h',
  'seq_w',
  'img_size',
  'vae_stride',
  'patch_size',
  'vae_embed_dim',
] as const;

/**
 * Completes a configuration from a checkpoint's tensors; see `resolveMarConfig`.
 *
 * @throws InvalidOptionError for sizes out of range or in contradiction
 */
export function resolveLightgenConfig(json: LightgenConfigJson, checkpoint: Checkpoint): LightgenConfig {
  assertSizes(json);
  const extent = (key: string, axis: number): number => checkpoint.shape(key)?.[axis] ?? UNKNOWN;
  const width = extent('encoder_norm.weight', 0);
  const stack = (name: string, stem: string, heads: number, least = 1): StackConfig => {
    if (width % heads !== 0 && !Number.isNaN(width)) {
      throw new InvalidOptionError(`${name}_num_heads`, heads, `must divide the width, which is ${width}`);
    }
    const depth = Math.max(least, checkpoint.count(stem));
    return { width, heads, depth, hidden: depth === 0 ? 0 : extent(`${stem}.0.mlp.fc1.weight`, 0) };
  };
  const { encoder_num_heads: heads, patch_size: patchSize = 1, vae_stride: stride = 8 } = json;
  const channels = extent('z_proj.weight', 1);
  const latentChannels = json.vae_embed_dim ?? channels / patchSize ** 2;
  const isWhole = Number.isInteger(latentChannels) && latentChannels * patchSize ** 2 === channels;
  if (!isWhole && !Number.isNaN(channels)) {
    throw new InvalidOptionError(
      json.vae_embed_dim === undefined ? 'patch_size' : 'vae_embed_dim',
      json.vae_embed_dim ?? patchSize,
      `must give the ${channels} channels of a token, which are vae_embed_dim·patch_size²`,
    );
  }
  const tableLength = extent('encoder_pos_embed_learned', 1);
  const tableSide = Math.sqrt(tableLength);
  if (!Number.isInteger(tableSide) && !Number.isNaN(tableSide)) {
    throw new InvalidOptionError('the position tables', tableLength, 'must be a square');
  }
  return {
    grid: { ...gridSide(json, tableLength, stride * patchSize), channels },
    latents: { channels: latentChannels, patchSize, stride },
    encoder: stack('encoder', 'encoder_blocks', heads),
    decoder: stack('decoder', 'decoder_blocks', json.decoder_num_heads ?? heads),
    cross: stack('cross', 'cross_attn_blocks', json.cross_num_heads ?? heads),
    aligner: stack('text', 'text_emb.text_aligner', json.text_num_heads ?? heads, 0),
    text: { length: json.max_length ?? 128, width: extent('text_emb.text_proj.linear_1.weight', 1) },
    positions: { side: tableSide, offset: json.interpolate_offset ?? 0.1 },
    head: {
      width: extent('diffloss.net.input_proj.weight', 0),
      depth: Math.max(1, checkpoint.count('diffloss.net.res_blocks')),
    },
    epsilon: json.norm_eps ?? 1e-6,
  };
}

function assertSizes(json: LightgenConfigJson): void {
  assertInteger('encoder_num_heads', json.encoder_num_heads, 1);
  for (const name of SIZES) {
    const value = json[name];
    if (value !== undefined) assertInteger(name, value, 1);
  }
  for (const name of ['interpolate_offset', 'norm_eps'] as const) {
    const value = json[name];
    if (value !== undefined) assertNumber(name, value, 0);
  }
}
