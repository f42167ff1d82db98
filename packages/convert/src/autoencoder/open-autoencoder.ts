import { InvalidOptionError } from '@tessera/core';
import { Checkpoint, type CheckpointOptions } from '../checkpoint/checkpoint.js';
import type { TensorFile } from '../checkpoint/tensor-file.js';
import { type DcAeConfigJson, resolveDcAeConfig } from '../dc-ae/dc-ae-config.js';
import { dcAeDecoderGraph } from '../dc-ae/dc-ae-decoder-graph.js';
import { dcAeKeys } from '../dc-ae/dc-ae-keys.js';
import { forwardDcAeDecode } from '../forward/dc-ae-forward.js';
import type { AutoencoderForward } from '../forward/forward-check.js';
import { forwardDecode, forwardEncode } from '../forward/vae-forward.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { autoencoderOf, hasQuantConv } from './autoencoder-checkpoint.js';
import { type DiffusersVaeConfigJson, isDiffusersVaeConfig, publishedConfig } from './diffusers-config.js';
import { resolveVaeConfig, type VaeConfigJson } from './vae-config.js';
import { vaeGraphs } from './vae-graphs.js';
import { vaeKeys } from './vae-layers.js';

/** An autoencoder's sizes under the names of its published code, or the name of a released one. */
export type AutoencoderConfigJson =
  | VaeConfigJson
  | DiffusersVaeConfigJson
  | DcAeConfigJson
  | 'kl16'
  | 'dc-ae';

/** An autoencoder of any kind: what a model folder needs to say of it, and its graphs. */
export interface Autoencoder {
  readonly kind: 'KL' | 'DC-AE';
  readonly latentChannels: number;
  /** Latents are multiplied by this for the model. */
  readonly latentScale: number;
  /** What is taken off before that. @default 0 */
  readonly latentShift?: number;
  /** Image pixels a latent cell spans, in each direction. */
  readonly stride: number;
  /** How the published code makes bytes of its values. @default to the nearest */
  readonly rounding?: 'down';
  /** What its graphs are compared with. */
  readonly forward: AutoencoderForward;
  /** `decoder`, and `encoder` for the kinds that have one here. */
  readonly graphs: Readonly<Record<string, GraphBuilder>>;
}

/** A tensor that DC-AE alone has: the convolution of its finest level's upsampling. */
const DC_AE_ANCHOR = 'decoder.up_blocks.0.0.conv.weight';

/**
 * Completes an autoencoder's configuration and builds its graphs. Its tensors tell its kind.
 *
 * @throws CheckpointKeysError if the tensors are not those that the configuration asks for
 * @throws InvalidOptionError for sizes out of range or in contradiction
 */
export function openAutoencoder(
  config: AutoencoderConfigJson,
  file: TensorFile,
  { ignore = [] }: CheckpointOptions = {},
): { readonly autoencoder: Autoencoder; readonly checkpoint: Checkpoint } {
  if (config === 'dc-ae' || file.names.some((name) => name.endsWith(DC_AE_ANCHOR))) {
    // The encoder isn't converted.
    const checkpoint = new Checkpoint(file, DC_AE_ANCHOR, { ignore: [...ignore, 'encoder.'] });
    const sizes = resolveDcAeConfig(typeof config === 'object' ? (config as DcAeConfigJson) : {}, checkpoint);
    const { latentChannels, latentScale, stride } = sizes;
    const graphs = { decoder: dcAeDecoderGraph(sizes, checkpoint) };
    const forward: AutoencoderForward = {
      keys: [...dcAeKeys(sizes).keys()],
      decode: (weights, latents) => forwardDcAeDecode(weights, sizes, latents),
    };
    return {
      autoencoder: { kind: 'DC-AE', latentChannels, latentScale, stride, rounding: 'down', forward, graphs },
      checkpoint,
    };
  }
  const checkpoint = autoencoderOf(file, { ignore });
  if (
    config === 'kl16' &&
    file.names.length > 0 &&
    !hasQuantConv(file) &&
    checkpoint.shape('decoder.conv_out.weight')
  ) {
    throw new InvalidOptionError(
      'vae.config',
      config,
      'must be its config.json, with scaling_factor and shift_factor: it has no quant_conv and is not kl16. Put config.json beside it, or name it by --vae-config',
    );
  }
  const isDiffusers = typeof config === 'object' && isDiffusersVaeConfig(config);
  const kl = resolveVaeConfig(isDiffusers ? publishedConfig(config) : (config as VaeConfigJson | 'kl16'));
  const { latentChannels, latentScale, latentShift, stride } = kl;
  const graphs = { ...vaeGraphs(kl, checkpoint) };
  const forward: AutoencoderForward = {
    keys: [...vaeKeys(kl).keys()],
    decode: (weights, latents) => forwardDecode(weights, kl, latents),
    encode: (weights, image) => forwardEncode(weights, kl, image),
  };
  return {
    autoencoder: { kind: 'KL', latentChannels, latentScale, latentShift, stride, forward, graphs },
    checkpoint,
  };
}
