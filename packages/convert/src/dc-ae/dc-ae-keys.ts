import type { DcAeConfig } from './dc-ae-config.js';

/** Every tensor of a DC-AE decoder with its shape, under diffusers' names. */
export function dcAeKeys(config: DcAeConfig): Map<string, readonly number[]> {
  const { latentChannels, layers, widths, headSize, scales, expansion } = config;
  const keys = new Map<string, readonly number[]>();
  const weight = (name: string, ...shape: number[]): void => void keys.set(`${name}.weight`, shape);
  const withBias = (name: string, outputs: number, ...rest: number[]): void => {
    weight(name, outputs, ...rest);
    keys.set(`${name}.bias`, [outputs]);
  };
  withBias('decoder.conv_in', widths[0], latentChannels, 3, 3);
  for (const { key, kind, from, to } of layers) {
    if (kind === 'upsample') withBias(`${key}.conv`, to, from, 3, 3);
    if (kind === 'residual') {
      withBias(`${key}.conv1`, to, to, 3, 3);
      weight(`${key}.conv2`, to, to, 3, 3);
      withBias(`${key}.norm`, to);
    }
    if (kind === 'efficient-vit') {
      for (const name of ['to_q', 'to_k', 'to_v']) weight(`${key}.attn.${name}`, to, to);
      for (const [index, side] of scales.entries()) {
        const scale = `${key}.attn.to_qkv_multiscale.${index}`;
        weight(`${scale}.proj_in`, 3 * to, 1, side, side);
        weight(`${scale}.proj_out`, 3 * to, headSize, 1, 1);
      }
      weight(`${key}.attn.to_out`, to, (1 + scales.length) * to);
      withBias(`${key}.attn.norm_out`, to);
      const inner = expansion * to;
      withBias(`${key}.conv_out.conv_inverted`, 2 * inner, to, 1, 1);
      withBias(`${key}.conv_out.conv_depth`, 2 * inner, 1, 3, 3);
      weight(`${key}.conv_out.conv_point`, to, inner, 1, 1);
      withBias(`${key}.conv_out.norm`, to);
    }
  }
  withBias('decoder.norm_out', widths[1]);
  withBias('decoder.conv_out', 3, widths[1], 3, 3);
  return keys;
}
