import { KeyShapes } from '../checkpoint/key-shapes.js';
import type { LightgenConfig } from './lightgen-config.js';

/** Every tensor of a LightGen checkpoint with its shape, under the published code's names. */
export function lightgenKeys(config: LightgenConfig): Map<string, readonly number[]> {
  const { grid, encoder, decoder, cross, aligner, text, positions } = config;
  const { width } = encoder;
  const keys = new KeyShapes();
  for (const part of ['encoder', 'decoder', 'last']) {
    keys.set(`${part}_pos_embed_learned`, [1, positions.side ** 2, width]);
  }
  keys.set('fake_latent', [1, 1, width]);
  keys.set('mask_token', [1, 1, width]);
  keys.linear('text_emb.text_proj.linear_1', width, text.width);
  keys.linear('text_emb.text_proj.linear_2', width, width);
  keys.stack('text_emb.text_aligner', 'text_emb.text_aligner_norm', aligner);
  keys.linear('z_proj', width, grid.channels);
  keys.norm('z_proj_ln', width);
  keys.stack('encoder_blocks', 'encoder_norm', encoder);
  keys.linear('decoder_embed', width, width);
  keys.stack('decoder_blocks', 'decoder_norm', decoder);
  keys.linear('last_embed', width, width);
  for (let index = 0; index < cross.depth; index++) {
    const block = `cross_attn_blocks.${index}`;
    for (const norm of ['normq', 'normkv', 'norm2']) keys.norm(`${block}.${norm}`, width);
    keys.linear(`${block}.attn.query_linear`, width, width);
    keys.linear(`${block}.attn.kv`, 2 * width, width);
    keys.linear(`${block}.attn.proj`, width, width);
    keys.mlp(block, width, cross.hidden);
  }
  keys.norm('cross_norm', width);
  keys.head(config);
  return keys;
}
