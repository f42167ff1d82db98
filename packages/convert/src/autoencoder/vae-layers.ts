import type { VaeConfig } from './vae-config.js';

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
  if (!config.hasQuant) return keys;
  convolution('quant_conv', 2 * config.zChannels, 2 * config.latentChannels, 1);
  convolution('post_quant_conv', config.latentChannels, config.zChannels, 1);
  return keys;
}
