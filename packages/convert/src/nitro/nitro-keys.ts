import { KeyShapes } from '../checkpoint/key-shapes.js';
import { attentionHeadKeys, HEAD } from './attention-head.js';
import { GLOBAL_HEAD } from './global-token-graph.js';
import { IMAGE_SIDE, type JointSide, TEXT_SIDE } from './joint-block.js';
import type { NitroConfig } from './nitro-config.js';

/** Every tensor of a Nitro-AR checkpoint with its shape, under the published code's names. */
export function nitroKeys(config: NitroConfig): Map<string, readonly number[]> {
  const { grid, decoder, split, text } = config;
  const { width, heads, hidden } = decoder;
  const isJoint = config.head.attention !== undefined;
  const keys = new KeyShapes();
  keys.set('mask_token', [1, 1, grid.channels]);
  keys.linear('x_proj', width, grid.channels);
  const norm = (name: string): void => {
    if (decoder.norm === 'rms') keys.set(`${name}.weight`, [width]);
    else keys.norm(name, width);
  };
  norm('z_proj_ln');
  keys.linear('context_embedder', width, text.width);
  const side = (block: string, names: JointSide, isWhole: boolean): void => {
    norm(`${block}.${names.norm}`);
    for (const name of [names.query, names.key, names.value])
      keys.linear(`${block}.attn.${name}`, width, width);
    for (const name of [names.queryNorm, names.keyNorm])
      keys.set(`${block}.attn.${name}.weight`, [width / heads]);
    if (!isWhole) return;
    if (decoder.norm === 'rms') norm(`${block}.${names.secondNorm}`);
    keys.linear(`${block}.attn.${names.out}`, width, width);
    keys.linear(`${block}.${names.feedForward}.net.0.proj`, hidden, width);
    keys.linear(`${block}.${names.feedForward}.net.2`, width, hidden);
  };
  for (const [group, depth] of split.entries()) {
    for (let index = 0; index < depth; index++) {
      const block = `block_groups.${group}.${index}`;
      side(block, IMAGE_SIDE, true);
      side(block, TEXT_SIDE, group < 2 || index + 1 < depth);
    }
  }
  const pointwise = (name: string, inputs: number): void => {
    keys.set(`${name}.body.1.weight`, [width, inputs, 1, 1]);
    keys.set(`${name}.body.1.bias`, [width]);
    keys.set(`${name}.body.3.weight`, [width, width, 1, 1]);
    keys.set(`${name}.body.3.bias`, [width]);
  };
  for (const [index, factor] of [2, 4].entries()) {
    pointwise(`downsamplers.0.${index}`, width * factor ** 2);
    pointwise(`upsamplers.0.${index}`, width / factor ** 2);
  }
  keys.linear('mergers.0.0', width, 3 * width);
  keys.linear('mergers.0.2', width, width);
  if (!isJoint) {
    keys.head(config);
    return keys;
  }
  keys.linear('global_z_proj.0', width, width);
  keys.linear('global_z_proj.2', width, width);
  for (const net of [HEAD, GLOBAL_HEAD]) attentionHeadKeys(keys, config, net);
  return keys;
}
