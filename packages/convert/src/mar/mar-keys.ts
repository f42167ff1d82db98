import { type MarConfig, SINUSOID_WIDTH, type StackConfig } from './mar-config.js';

/**
 * Every tensor of a MAR checkpoint with its shape.
 *
 * @see the published code's state-dict names; weights of linear layers are [out, in]
 */
export function marKeys(config: MarConfig): Map<string, readonly number[]> {
  const { grid, encoder, decoder, buffer, head } = config;
  const length = grid.height * grid.width;
  const keys = new Map<string, readonly number[]>();
  const linear = (name: string, outputs: number, inputs: number): void => {
    keys.set(`${name}.weight`, [outputs, inputs]);
    keys.set(`${name}.bias`, [outputs]);
  };
  const norm = (name: string, width: number): void => {
    keys.set(`${name}.weight`, [width]);
    keys.set(`${name}.bias`, [width]);
  };
  const stack = (side: 'encoder' | 'decoder', { width, depth, hidden }: StackConfig): void => {
    for (let block = 0; block < depth; block++) {
      const name = `${side}_blocks.${block}`;
      norm(`${name}.norm1`, width);
      linear(`${name}.attn.qkv`, 3 * width, width);
      linear(`${name}.attn.proj`, width, width);
      norm(`${name}.norm2`, width);
      linear(`${name}.mlp.fc1`, hidden, width);
      linear(`${name}.mlp.fc2`, width, hidden);
    }
    norm(`${side}_norm`, width);
  };

  keys.set('class_emb.weight', [config.classes, encoder.width]);
  keys.set('fake_latent', [1, encoder.width]);
  linear('z_proj', encoder.width, grid.channels);
  norm('z_proj_ln', encoder.width);
  keys.set('encoder_pos_embed_learned', [1, buffer + length, encoder.width]);
  stack('encoder', encoder);
  linear('decoder_embed', decoder.width, encoder.width);
  keys.set('mask_token', [1, 1, decoder.width]);
  keys.set('decoder_pos_embed_learned', [1, buffer + length, decoder.width]);
  stack('decoder', decoder);
  keys.set('diffusion_pos_embed_learned', [1, length, decoder.width]);

  const net = 'diffloss.net';
  linear(`${net}.time_embed.mlp.0`, head.width, SINUSOID_WIDTH);
  linear(`${net}.time_embed.mlp.2`, head.width, head.width);
  linear(`${net}.cond_embed`, head.width, decoder.width);
  linear(`${net}.input_proj`, head.width, grid.channels);
  for (let block = 0; block < head.depth; block++) {
    const name = `${net}.res_blocks.${block}`;
    norm(`${name}.in_ln`, head.width);
    linear(`${name}.mlp.0`, head.width, head.width);
    linear(`${name}.mlp.2`, head.width, head.width);
    linear(`${name}.adaLN_modulation.1`, 3 * head.width, head.width);
  }
  linear(`${net}.final_layer.adaLN_modulation.1`, 2 * head.width, head.width);
  linear(`${net}.final_layer.linear`, 2 * grid.channels, head.width);
  return keys;
}
