import { InvalidOptionError } from '@tessera/core';
import type { Prediction } from '@tessera/core/diffusion';
import { assertInteger, assertNumber } from '@tessera/core/model';
import type { Checkpoint } from '../checkpoint/checkpoint.js';

/**
 * A MAR model's sizes under the names that the published code uses. Whatever is left out is read off the checkpoint's
 * tensors; head counts can't be, but those of a released model are known by its other sizes.
 */
export interface MarConfigJson {
  readonly encoder_num_heads?: number;
  readonly decoder_num_heads?: number;
  readonly encoder_embed_dim?: number;
  readonly encoder_depth?: number;
  readonly decoder_embed_dim?: number;
  readonly decoder_depth?: number;
  /** The MLP's width ÷ the block's. */
  readonly mlp_ratio?: number;
  /** Class rows before the tokens. */
  readonly buffer_size?: number;
  readonly class_num?: number;
  /** Residual blocks and width of the diffusion head. */
  readonly diffloss_d?: number;
  readonly diffloss_w?: number;
  /** Rows and columns of the token grid; else `img_size` ÷ `vae_stride` ÷ `patch_size`, else a square. */
  readonly seq_h?: number;
  readonly seq_w?: number;
  /** Pixels along a side. */
  readonly img_size?: number;
  /** Pixels a latent cell spans. @default 16 */
  readonly vae_stride?: number;
  /** Latent cells along a side of a token. @default 1 */
  readonly patch_size?: number;
  /** Channels of a latent cell. */
  readonly vae_embed_dim?: number;
  /** ε of all layer normalisations. @default 1e-6 */
  readonly norm_eps?: number;
}

/** The sizes of a stack of transformer blocks. */
export interface StackConfig {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the MLP's hidden layer. */
  readonly hidden: number;
}

/** All sizes of a MAR model. */
export interface MarConfig {
  readonly grid: { readonly height: number; readonly width: number; readonly channels: number };
  readonly latents: { readonly channels: number; readonly patchSize: number; readonly stride: number };
  readonly encoder: StackConfig;
  readonly decoder: StackConfig;
  readonly buffer: number;
  readonly classes: number;
  readonly head: { readonly width: number; readonly depth: number };
  readonly epsilon: number;
}

/** What the head's graphs are built from. */
export interface HeadSizes extends Pick<MarConfig, 'grid' | 'head' | 'epsilon'> {
  /** `width` is that of z. */
  readonly decoder: Pick<StackConfig, 'width'> & Partial<StackConfig>;
  /** What the head predicts: rows of [ε | v], 2C wide, or the velocity, C wide. @default 'epsilon' */
  readonly prediction?: Prediction;
}

/** Width of the head's rows. */
export function headOutputs({ grid, prediction }: HeadSizes): number {
  return prediction === 'velocity' ? grid.channels : 2 * grid.channels;
}

/** An extent that can't be told because the tensor that would show it is missing. */
const UNKNOWN = Number.NaN;

const WHOLE_SIZES = [
  'encoder_embed_dim',
  'encoder_depth',
  'decoder_embed_dim',
  'decoder_depth',
  'class_num',
  'diffloss_d',
  'diffloss_w',
  'seq_h',
  'seq_w',
  'img_size',
  'vae_stride',
  'patch_size',
  'vae_embed_dim',
] as const;

/**
 * Completes a configuration from a checkpoint's tensors.
 *
 * An extent whose tensor is missing is NaN in the result: comparing the checkpoint's keys, which has to follow, tells of
 * all missing tensors at once.
 *
 * @throws InvalidOptionError for sizes that contradict one another, and without head counts
 */
export function resolveMarConfig(json: MarConfigJson, checkpoint: Checkpoint): MarConfig {
  assertSizes(json);
  const extent = (given: number | undefined, key: string, axis: number): number =>
    given ?? checkpoint.shape(key)?.[axis] ?? UNKNOWN;
  const stack = (
    side: 'encoder' | 'decoder',
    width: number,
    depth: number | undefined,
    heads: number | undefined,
  ): StackConfig => {
    if (heads === undefined) throw unknownHeads(side, width, checkpoint.count(`${side}_blocks`));
    assertInteger(`${side}_num_heads`, heads, 1);
    if (width % heads !== 0 && !Number.isNaN(width)) {
      throw new InvalidOptionError(
        `${side}_num_heads`,
        heads,
        `must divide the ${side}'s width, which is ${width}`,
      );
    }
    const hidden = json.mlp_ratio === undefined ? undefined : Math.floor(width * json.mlp_ratio);
    return {
      width,
      heads,
      depth: depth ?? Math.max(1, checkpoint.count(`${side}_blocks`)),
      hidden: extent(hidden, `${side}_blocks.0.mlp.fc1.weight`, 0),
    };
  };

  const length = checkpoint.shape('diffusion_pos_embed_learned')?.[1] ?? UNKNOWN;
  const patchSize = json.patch_size ?? 1;
  const stride = json.vae_stride ?? 16;
  const side = gridSide(json, length, stride * patchSize);
  const channels =
    json.vae_embed_dim === undefined
      ? extent(undefined, 'z_proj.weight', 1)
      : json.vae_embed_dim * patchSize ** 2;
  if (!Number.isInteger(channels / patchSize ** 2) && !Number.isNaN(channels)) {
    throw new InvalidOptionError(
      'patch_size',
      patchSize,
      `must divide the ${channels} channels of a token twice`,
    );
  }
  const rows = checkpoint.shape('encoder_pos_embed_learned')?.[1] ?? UNKNOWN;
  return {
    grid: { height: side.height, width: side.width, channels },
    latents: { channels: channels / patchSize ** 2, patchSize, stride },
    encoder: stack(
      'encoder',
      extent(json.encoder_embed_dim, 'encoder_norm.weight', 0),
      json.encoder_depth,
      json.encoder_num_heads,
    ),
    decoder: stack(
      'decoder',
      extent(json.decoder_embed_dim, 'decoder_norm.weight', 0),
      json.decoder_depth,
      json.decoder_num_heads,
    ),
    buffer: json.buffer_size ?? rows - length,
    classes: extent(json.class_num, 'class_emb.weight', 0),
    head: {
      width: extent(json.diffloss_w, 'diffloss.net.input_proj.weight', 0),
      depth: json.diffloss_d ?? Math.max(1, checkpoint.count('diffloss.net.res_blocks')),
    },
    epsilon: json.norm_eps ?? 1e-6,
  };
}

function unknownHeads(side: string, width: number, depth: number): InvalidOptionError {
  const sizes = `${depth} blocks, ${width} wide`;
  return new InvalidOptionError(
    `${side}_num_heads`,
    undefined,
    `must be given (tessera convert --heads): no tensor tells it, and the ${side} (${sizes}) is that of no released model`,
  );
}

function assertSizes(json: MarConfigJson): void {
  const { mlp_ratio: ratio, norm_eps: epsilon, buffer_size: buffer, ...sizes } = json;
  for (const name of WHOLE_SIZES) {
    const value = sizes[name];
    if (value !== undefined) assertInteger(name, value, 1);
  }
  if (buffer !== undefined) assertInteger('buffer_size', buffer, 0);
  if (ratio !== undefined) assertNumber('mlp_ratio', ratio, 0);
  if (epsilon !== undefined) assertNumber('norm_eps', epsilon, 0);
}

export function gridSide(
  json: Pick<MarConfigJson, 'seq_h' | 'seq_w' | 'img_size'>,
  length: number,
  pixelsPerToken: number,
): { height: number; width: number } {
  const { seq_h, seq_w, img_size: pixels } = json;
  const square = pixels === undefined ? Math.sqrt(length) : pixels / pixelsPerToken;
  const height = seq_h ?? (seq_w === undefined ? square : length / seq_w);
  const width = seq_w ?? (seq_h === undefined ? square : length / seq_h);
  for (const side of [height, width]) {
    if (!Number.isInteger(side) && !Number.isNaN(side)) {
      throw new InvalidOptionError(
        'the token grid',
        `${height}×${width}`,
        `has to be whole. Give seq_h and seq_w; the checkpoint has ${length} positions`,
      );
    }
  }
  return { height, width };
}

/** Width of the head's sinusoidal time embedding. */
export const SINUSOID_WIDTH = 256;
