import { assertInteger, InvalidOptionError } from '@tessera/core';

/** A KL autoencoder's sizes under the names that the published code uses. */
export interface VaeConfigJson {
  /** Width of level 0. */
  readonly ch: number;
  /** Width of each level ÷ `ch`, finest level first. */
  readonly ch_mult: readonly number[];
  /** Residual blocks a level of the encoder; the decoder has one more. */
  readonly num_res_blocks: number;
  readonly z_channels: number;
  /** Channels of the latents. @default z_channels */
  readonly embed_dim?: number;
  /** @default 3·pixel_shuffle² */
  readonly in_channels?: number;
  /** @default 3·pixel_shuffle² */
  readonly out_ch?: number;
  /** Whether the encoder gives mean and log variance; it has to. @default true */
  readonly double_z?: boolean;
  /** Levels of these nominal resolutions have attention after each block; level i has `resolution` ÷ 2^i. @default [] */
  readonly encoder_attn_resolutions?: readonly number[];
  readonly decoder_attn_resolutions?: readonly number[];
  /** @default 256 */
  readonly resolution?: number;
  /** @default 32 */
  readonly group_norm_groups?: number;
  /** @default 1e-6 */
  readonly group_norm_eps?: number;
  /** Latents are multiplied by this for the MAR model. @default 0.2325 */
  readonly latent_scale?: number;
  /** Pixels are gathered in blocks of this side into channels before the encoder, and spread after the decoder. @default 1 */
  readonly pixel_shuffle?: number;
}

/** All sizes of a KL autoencoder. */
export interface VaeConfig {
  /** Width of each level, finest first. */
  readonly widths: readonly number[];
  readonly stem: number;
  readonly blocks: number;
  /** Channels inside and outside of the quantising 1×1 convolutions. */
  readonly zChannels: number;
  readonly latentChannels: number;
  readonly encoderAttention: readonly boolean[];
  readonly decoderAttention: readonly boolean[];
  readonly groups: number;
  readonly epsilon: number;
  readonly latentScale: number;
  readonly pixelShuffle: number;
  /** Image pixels a latent cell spans, in each direction. */
  readonly stride: number;
}

/** The autoencoder of the released MAR models: 16 channels, stride 16. */
export const KL16: VaeConfigJson = {
  ch: 128,
  ch_mult: [1, 1, 2, 2, 4],
  num_res_blocks: 2,
  z_channels: 16,
  embed_dim: 16,
  resolution: 256,
  encoder_attn_resolutions: [16],
  decoder_attn_resolutions: [],
  latent_scale: 0.2325,
};

/**
 * Completes an autoencoder's configuration with defaults.
 *
 * @throws InvalidOptionError for sizes out of range or in contradiction
 */
export function resolveVaeConfig(json: VaeConfigJson): VaeConfig {
  const resolution = json.resolution ?? 256;
  const pixelShuffle = json.pixel_shuffle ?? 1;
  const groups = json.group_norm_groups ?? 32;
  const colours = 3 * pixelShuffle ** 2;
  assertInteger('ch', json.ch, 1);
  assertInteger('num_res_blocks', json.num_res_blocks, 1);
  assertInteger('z_channels', json.z_channels, 1);
  assertInteger('pixel_shuffle', pixelShuffle, 1);
  assertInteger('ch_mult.length', json.ch_mult.length, 1);
  for (const name of ['in_channels', 'out_ch'] as const) {
    if (json[name] !== undefined && json[name] !== colours) {
      throw new InvalidOptionError(
        name,
        json[name],
        `must be 3·pixel_shuffle² = ${colours}: images have 3 channels`,
      );
    }
  }
  if (json.double_z === false) {
    throw new InvalidOptionError('double_z', false, 'must be true: the encoder has to give a log variance');
  }
  const widths = json.ch_mult.map((factor) => json.ch * factor);
  for (const width of [json.ch, ...widths]) {
    if (width % groups !== 0) {
      throw new InvalidOptionError(
        'group_norm_groups',
        groups,
        `must divide each level's width, here ${width}`,
      );
    }
  }
  const attention = (resolutions: readonly number[] = []): boolean[] =>
    widths.map((_, level) => resolutions.includes(resolution / 2 ** level));
  return {
    widths,
    stem: json.ch,
    blocks: json.num_res_blocks,
    zChannels: json.z_channels,
    latentChannels: json.embed_dim ?? json.z_channels,
    encoderAttention: attention(json.encoder_attn_resolutions),
    decoderAttention: attention(json.decoder_attn_resolutions),
    groups,
    epsilon: json.group_norm_eps ?? 1e-6,
    latentScale: json.latent_scale ?? 0.2325,
    pixelShuffle,
    stride: pixelShuffle * 2 ** (widths.length - 1),
  };
}

/** One stage of the autoencoder, in the order of computation. */
export type VaeLayer =
  | { readonly kind: 'convolution'; readonly key: string; readonly from: number; readonly to: number }
  | { readonly kind: 'residual'; readonly key: string; readonly from: number; readonly to: number }
  | { readonly kind: 'attention'; readonly key: string; readonly width: number }
  | { readonly kind: 'downsample' | 'upsample'; readonly key: string; readonly width: number }
  | { readonly kind: 'norm'; readonly key: string; readonly width: number };

const middle = (side: string, width: number): VaeLayer[] => [
  { kind: 'residual', key: `${side}.mid.block_1`, from: width, to: width },
  { kind: 'attention', key: `${side}.mid.attn_1`, width },
  { kind: 'residual', key: `${side}.mid.block_2`, from: width, to: width },
];

/** The encoder from pixels (gathered by `pixelShuffle`) to 2·zChannels; the quantising convolution comes after. */
export function encoderLayers(config: VaeConfig): VaeLayer[] {
  const { widths, stem, blocks, zChannels, encoderAttention, pixelShuffle } = config;
  const layers: VaeLayer[] = [
    { kind: 'convolution', key: 'encoder.conv_in', from: 3 * pixelShuffle ** 2, to: stem },
  ];
  let width = stem;
  widths.forEach((to, level) => {
    const name = `encoder.down.${level}`;
    for (let block = 0; block < blocks; block++) {
      layers.push({ kind: 'residual', key: `${name}.block.${block}`, from: width, to });
      width = to;
      if (encoderAttention[level]) layers.push({ kind: 'attention', key: `${name}.attn.${block}`, width });
    }
    if (level + 1 < widths.length) layers.push({ kind: 'downsample', key: `${name}.downsample.conv`, width });
  });
  return [
    ...layers,
    ...middle('encoder', width),
    { kind: 'norm', key: 'encoder.norm_out', width },
    { kind: 'convolution', key: 'encoder.conv_out', from: width, to: 2 * zChannels },
  ];
}

/** The decoder from zChannels to pixels (still to be spread by `pixelShuffle`): coarsest level first, level 0 last. */
export function decoderLayers(config: VaeConfig): VaeLayer[] {
  const { widths, blocks, zChannels, decoderAttention, pixelShuffle } = config;
  let width = widths.at(-1)!;
  const layers: VaeLayer[] = [
    { kind: 'convolution', key: 'decoder.conv_in', from: zChannels, to: width },
    ...middle('decoder', width),
  ];
  for (let level = widths.length - 1; level >= 0; level--) {
    const name = `decoder.up.${level}`;
    const to = widths[level]!;
    for (let block = 0; block <= blocks; block++) {
      layers.push({ kind: 'residual', key: `${name}.block.${block}`, from: width, to });
      width = to;
      if (decoderAttention[level]) layers.push({ kind: 'attention', key: `${name}.attn.${block}`, width });
    }
    if (level > 0) layers.push({ kind: 'upsample', key: `${name}.upsample.conv`, width });
  }
  return [
    ...layers,
    { kind: 'norm', key: 'decoder.norm_out', width },
    { kind: 'convolution', key: 'decoder.conv_out', from: width, to: 3 * pixelShuffle ** 2 },
  ];
}

/** Every tensor of a KL autoencoder's checkpoint with its shape. */
export function vaeKeys(config: VaeConfig): Map<string, readonly number[]> {
  const keys = new Map<string, readonly number[]>();
  const convolution = (key: string, from: number, to: number, side: number): void => {
    keys.set(`${key}.weight`, [to, from, side, side]);
    keys.set(`${key}.bias`, [to]);
  };
  const norm = (key: string, width: number): void => {
    keys.set(`${key}.weight`, [width]);
    keys.set(`${key}.bias`, [width]);
  };
  for (const layer of [...encoderLayers(config), ...decoderLayers(config)]) {
    const { key } = layer;
    switch (layer.kind) {
      case 'convolution':
        convolution(key, layer.from, layer.to, 3);
        break;
      case 'residual':
        norm(`${key}.norm1`, layer.from);
        convolution(`${key}.conv1`, layer.from, layer.to, 3);
        norm(`${key}.norm2`, layer.to);
        convolution(`${key}.conv2`, layer.to, layer.to, 3);
        if (layer.from !== layer.to) convolution(`${key}.nin_shortcut`, layer.from, layer.to, 1);
        break;
      case 'attention':
        norm(`${key}.norm`, layer.width);
        for (const part of ['q', 'k', 'v', 'proj_out']) {
          convolution(`${key}.${part}`, layer.width, layer.width, 1);
        }
        break;
      case 'norm':
        norm(key, layer.width);
        break;
      default:
        convolution(key, layer.width, layer.width, 3);
    }
  }
  convolution('quant_conv', 2 * config.zChannels, 2 * config.latentChannels, 1);
  convolution('post_quant_conv', config.latentChannels, config.zChannels, 1);
  return keys;
}
