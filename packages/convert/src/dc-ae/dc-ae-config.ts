import { InvalidOptionError } from '@tessera/core';
import type { Checkpoint } from '../checkpoint/checkpoint.js';

/**
 * The configuration of a deep-compression autoencoder (arXiv 2410.10733) as diffusers' `AutoencoderDC` writes it. Its sizes are
 * read off the checkpoint's tensors.
 */
export interface DcAeConfigJson {
  /** Latents are multiplied by this for the model. @default 0.41407 */
  readonly scaling_factor?: number;
  /** Only what is listed here is known. @default 'interpolate' */
  readonly upsample_block_type?: 'interpolate';
  /** One for all levels, or one a level. @default 'rms_norm' */
  readonly decoder_norm_types?: string | readonly string[];
  /** @default 'silu' */
  readonly decoder_act_fns?: string | readonly string[];
}

/** One layer of a level. */
export interface DcAeLayer {
  readonly key: string;
  readonly kind: 'upsample' | 'residual' | 'efficient-vit';
  /** Channels that come in; `to` go out. */
  readonly from: number;
  readonly to: number;
}

/** All sizes of a DC-AE decoder. */
export interface DcAeConfig {
  readonly latentChannels: number;
  readonly latentScale: number;
  /** Image pixels a latent cell spans, in each direction. */
  readonly stride: number;
  /** In the order of computation, the coarsest level first. */
  readonly layers: readonly DcAeLayer[];
  /** Channels of the coarsest and of the finest level. */
  readonly widths: readonly [coarsest: number, finest: number];
  /** Channels of an attention head. */
  readonly headSize: number;
  /** Sides of the attention's convolutions; each gives as many heads again. */
  readonly scales: readonly number[];
  /** Factor by which a block's convolution part is wider. */
  readonly expansion: number;
  readonly epsilon: number;
}

const UNKNOWN = Number.NaN;

/**
 * Reads a decoder's sizes off its tensors.
 *
 * @throws InvalidOptionError for kinds of layers that are not known
 */
export function resolveDcAeConfig(json: DcAeConfigJson, checkpoint: Checkpoint): DcAeConfig {
  const { scaling_factor: latentScale = 0.41407 } = json;
  if (!(Number.isFinite(latentScale) && latentScale > 0)) {
    throw new InvalidOptionError('scaling_factor', latentScale, 'must be a finite number > 0');
  }
  assertKnown('upsample_block_type', json.upsample_block_type, 'interpolate');
  assertKnown('decoder_norm_types', json.decoder_norm_types, 'rms_norm');
  assertKnown('decoder_act_fns', json.decoder_act_fns, 'silu');
  const extent = (key: string, axis: number): number => checkpoint.shape(key)?.[axis] ?? UNKNOWN;
  const stem = 'decoder.up_blocks';
  const levels = Math.max(1, checkpoint.count(stem));
  const coarsest = extent('decoder.conv_in.weight', 0);
  const layers = dcAeLayers(
    Array.from({ length: levels }, (_, level) => {
      const own = level === levels - 1 ? 0 : 1;
      const count = Math.max(1, checkpoint.count(`${stem}.${level}`));
      return {
        width: own === 0 ? coarsest : extent(`${stem}.${level}.0.conv.weight`, 0),
        kinds: Array.from({ length: count - own }, (_, index) =>
          checkpoint.shape(`${stem}.${level}.${index + own}.conv1.weight`) ? 'residual' : 'efficient-vit',
        ),
      };
    }),
  );
  const first = layers.find(({ kind }) => kind === 'efficient-vit');
  const multiscale = `${first?.key}.attn.to_qkv_multiscale`;
  const inverted = extent(`${first?.key}.conv_out.conv_inverted.weight`, 0);
  return {
    latentChannels: extent('decoder.conv_in.weight', 1),
    latentScale,
    stride: 2 ** (levels - 1),
    layers,
    widths: [coarsest, layers.at(-1)?.to ?? UNKNOWN],
    headSize: extent(`${multiscale}.0.proj_out.weight`, 1),
    scales: Array.from({ length: checkpoint.count(multiscale) }, (_, scale) =>
      extent(`${multiscale}.${scale}.proj_in.weight`, 2),
    ),
    expansion: first ? inverted / (2 * first.from) : UNKNOWN,
    epsilon: 1e-5,
  };
}

/** A level of the decoder, without its upsampling. */
export interface DcAeLevel {
  readonly width: number;
  readonly kinds: readonly Exclude<DcAeLayer['kind'], 'upsample'>[];
}

/** The layers of levels, the finest level first, in the order of computation: each level but the coarsest begins by upsampling. */
export function dcAeLayers(levels: readonly DcAeLevel[]): DcAeLayer[] {
  return levels.flatMap((_, index) => {
    const level = levels.length - 1 - index;
    const { width, kinds } = levels[level]!;
    const stem = `decoder.up_blocks.${level}`;
    const above = levels[level + 1];
    const up: DcAeLayer[] = above
      ? [{ key: `${stem}.0`, kind: 'upsample', from: above.width, to: width }]
      : [];
    const own = kinds.map(
      (kind, i): DcAeLayer => ({ key: `${stem}.${i + up.length}`, kind, from: width, to: width }),
    );
    return [...up, ...own];
  });
}

function assertKnown(option: string, given: string | readonly string[] | undefined, known: string): void {
  if (given === undefined || [given].flat().every((each) => each === known)) return;
  throw new InvalidOptionError(option, given, `must be ${known}, as in dc-ae-f32c32-sana-1.0`);
}
