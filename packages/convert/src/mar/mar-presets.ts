import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { MarConfigJson } from './mar-config.js';

const released = (width: number, depth: number, headDepth: number, headWidth: number): MarConfigJson => ({
  img_size: 256,
  vae_stride: 16,
  patch_size: 1,
  vae_embed_dim: 16,
  encoder_embed_dim: width,
  encoder_depth: depth,
  encoder_num_heads: width === 768 ? 12 : 16,
  decoder_embed_dim: width,
  decoder_depth: depth,
  decoder_num_heads: width === 768 ? 12 : 16,
  mlp_ratio: 4,
  buffer_size: 64,
  class_num: 1000,
  diffloss_d: headDepth,
  diffloss_w: headWidth,
});

/** The released ImageNet models at 256×256 (arXiv 2406.11838, section 5.1). */
export const MAR_PRESETS = {
  'mar-base': released(768, 12, 6, 1024),
  'mar-large': released(1024, 16, 8, 1280),
  'mar-huge': released(1280, 20, 12, 1536),
} as const satisfies Record<string, MarConfigJson>;

export type MarPreset = keyof typeof MAR_PRESETS;

/** The spec that converted models advise: GtR in 32 steps with FTS, as published (arXiv 2510.17171, MAR's rates). */
export const PUBLISHED_ADVICE = 'gtr-32';

/** Linear guidance scales of the published evaluations. */
export const PRESET_GUIDANCE: Readonly<Record<MarPreset, number>> = {
  'mar-base': 2.9,
  'mar-large': 3,
  'mar-huge': 3.2,
};

/** The released model whose transformer and head a checkpoint's tensors have the widths and depths of. */
export function presetOf(checkpoint: Checkpoint): MarPreset | undefined {
  const width = (key: string): number | undefined => checkpoint.shape(key)?.[0];
  const found: MarConfigJson = {
    encoder_embed_dim: width('encoder_norm.weight') ?? 0,
    encoder_depth: checkpoint.count('encoder_blocks'),
    decoder_embed_dim: width('decoder_norm.weight') ?? 0,
    decoder_depth: checkpoint.count('decoder_blocks'),
    diffloss_w: width('diffloss.net.input_proj.weight') ?? 0,
    diffloss_d: checkpoint.count('diffloss.net.res_blocks'),
  };
  const sizes = Object.entries(found) as [keyof MarConfigJson, number][];
  const presets = Object.entries(MAR_PRESETS) as [MarPreset, MarConfigJson][];
  return presets.find(([, preset]) => sizes.every(([name, size]) => preset[name] === size))?.[0];
}
