import { InvalidOptionError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import type { VaeConfigJson } from './vae-config.js';

/** The `config.json` of diffusers' `AutoencoderKL`, as far as it matters here. */
export interface DiffusersVaeConfigJson {
  /** Width of each level, finest first. */
  readonly block_out_channels: readonly number[];
  readonly latent_channels: number;
  /** Latents are multiplied by this for the model. */
  readonly scaling_factor: number;
  /** What is taken off before that. @default 0 */
  readonly shift_factor?: number | null;
  /** @default 1 */
  readonly layers_per_block?: number;
  /** @default 32 */
  readonly norm_num_groups?: number;
  /** Whether a 1×1 convolution follows the encoder. @default true */
  readonly use_quant_conv?: boolean;
  /** Whether one precedes the decoder; either both are there or none. @default true */
  readonly use_post_quant_conv?: boolean;
  /** @default true */
  readonly mid_block_add_attention?: boolean;
}

export function isDiffusersVaeConfig(json: object): json is DiffusersVaeConfigJson {
  return 'block_out_channels' in json;
}

/**
 * A configuration of diffusers under the published code's names.
 *
 * @throws InvalidOptionError for an autoencoder of a form that isn't converted, and without a latent scale
 */
export function publishedConfig(json: DiffusersVaeConfigJson): VaeConfigJson {
  const { block_out_channels: widths, scaling_factor: scale, latent_channels: channels } = json;
  const stem = Array.isArray(widths) ? widths[0] : undefined;
  assertInteger('block_out_channels[0]', stem as number, 1);
  if (scale === undefined) {
    throw new InvalidOptionError('scaling_factor', scale, 'must be given: add it to the configuration');
  }
  const hasQuant = json.use_quant_conv ?? true;
  if ((json.use_post_quant_conv ?? true) !== hasQuant) {
    throw new InvalidOptionError('use_post_quant_conv', !hasQuant, `must be ${hasQuant}, as use_quant_conv`);
  }
  if (json.mid_block_add_attention === false) {
    throw new InvalidOptionError('mid_block_add_attention', false, 'must be true');
  }
  return {
    ch: stem!,
    ch_mult: widths.map((width) => width / stem!),
    num_res_blocks: json.layers_per_block ?? 1,
    z_channels: channels,
    group_norm_groups: json.norm_num_groups ?? 32,
    latent_scale: scale,
    latent_shift: json.shift_factor ?? 0,
    quant_conv: hasQuant,
  };
}
