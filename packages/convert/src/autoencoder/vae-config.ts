import { InvalidOptionError } from '@tessera/core';
import { assertInteger, assertNumber } from '@tessera/core/model';

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
  /** What is taken off before that. @default 0 */
  readonly latent_shift?: number;
  /** Pixels are gathered in blocks of this side into channels before the encoder, and spread after the decoder. @default 1 */
  readonly pixel_shuffle?: number;
  /** Whether 1×1 convolutions follow the encoder and precede the decoder. @default true */
  readonly quant_conv?: boolean;
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
  readonly latentShift: number;
  readonly pixelShuffle: number;
  /** Whether it has the quantising convolutions. */
  readonly hasQuant: boolean;
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
export function resolveVaeConfig(config: VaeConfigJson | 'kl16'): VaeConfig {
  const json = config === 'kl16' ? KL16 : config;
  if (typeof json !== 'object' || !json) {
    throw new InvalidOptionError('vae.config', json, 'must be kl16, or an object of sizes');
  }
  assertSizes(json);
  const resolution = json.resolution ?? 256;
  const pixelShuffle = json.pixel_shuffle ?? 1;
  const groups = json.group_norm_groups ?? 32;
  assertColours(json, 3 * pixelShuffle ** 2);
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
    latentShift: json.latent_shift ?? 0,
    pixelShuffle,
    hasQuant: json.quant_conv ?? true,
    stride: pixelShuffle * 2 ** (widths.length - 1),
  };
}

/** Configurations come out of files: nothing says that a field is there, or of its type. */
function assertSizes(json: VaeConfigJson): void {
  for (const name of ['ch', 'num_res_blocks', 'z_channels'] as const) assertInteger(name, json[name], 1);
  for (const name of ['embed_dim', 'resolution', 'group_norm_groups', 'pixel_shuffle'] as const) {
    const value = json[name];
    if (value !== undefined) assertInteger(name, value, 1);
  }
  assertIntegers('ch_mult', json.ch_mult);
  assertInteger('ch_mult.length', json.ch_mult.length, 1);
  for (const name of ['encoder_attn_resolutions', 'decoder_attn_resolutions'] as const) {
    const value = json[name];
    if (value !== undefined) assertIntegers(name, value);
  }
  const { group_norm_eps: epsilon, latent_scale: scale } = json;
  if (epsilon !== undefined) assertNumber('group_norm_eps', epsilon, 0);
  if (scale !== undefined && !(Number.isFinite(scale) && scale > 0)) {
    throw new InvalidOptionError('latent_scale', scale, 'must be a finite number > 0');
  }
  if (json.latent_shift !== undefined && !Number.isFinite(json.latent_shift)) {
    throw new InvalidOptionError('latent_shift', json.latent_shift, 'must be a finite number');
  }
  if (json.quant_conv === false && (json.embed_dim ?? json.z_channels) !== json.z_channels) {
    throw new InvalidOptionError('embed_dim', json.embed_dim, 'must be z_channels without quant_conv');
  }
  if (json.double_z === false) {
    throw new InvalidOptionError('double_z', false, 'must be true: the encoder has to give a log variance');
  }
}

function assertIntegers(name: string, values: readonly number[]): void {
  const fits = Array.isArray(values) && values.every((value) => Number.isInteger(value) && value > 0);
  if (!fits) throw new InvalidOptionError(name, values, 'must be a list of integers ≥ 1');
}

function assertColours(json: VaeConfigJson, colours: number): void {
  for (const name of ['in_channels', 'out_ch'] as const) {
    if (json[name] !== undefined && json[name] !== colours) {
      throw new InvalidOptionError(
        name,
        json[name],
        `must be 3·pixel_shuffle² = ${colours}: images have 3 channels`,
      );
    }
  }
}
