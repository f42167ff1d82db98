import { KeyShapes } from '../checkpoint/key-shapes.js';
import type { MarConfig } from './mar-config.js';

/**
 * Every tensor of a MAR checkpoint with its shape.
 *
 * @see the published code's state-dict names; weights of linear layers are [out, in]
 */
export function marKeys(config: MarConfig): Map<string, readonly number[]> {
  const { grid, encoder, decoder, buffer } = config;
  const length = grid.height * grid.width;
  const keys = new KeyShapes();
  keys.set('class_emb.weight', [config.classes, encoder.width]);
  keys.set('fake_latent', [1, encoder.width]);
  keys.linear('z_proj', encoder.width, grid.channels);
  keys.norm('z_proj_ln', encoder.width);
  keys.set('encoder_pos_embed_learned', [1, buffer + length, encoder.width]);
  keys.stack('encoder_blocks', 'encoder_norm', encoder);
  keys.linear('decoder_embed', decoder.width, encoder.width);
  keys.set('mask_token', [1, 1, decoder.width]);
  keys.set('decoder_pos_embed_learned', [1, buffer + length, decoder.width]);
  keys.stack('decoder_blocks', 'decoder_norm', decoder);
  keys.set('diffusion_pos_embed_learned', [1, length, decoder.width]);
  keys.head(config);
  return keys;
}
