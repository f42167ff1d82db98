import { type HeadSizes, SINUSOID_WIDTH, type StackConfig } from '../mar/mar-config.js';

/** A model's tensors with their shapes, gathered layer by layer; weights of linear layers are [out, in]. */
export class KeyShapes extends Map<string, readonly number[]> {
  linear(name: string, outputs: number, inputs: number): void {
    this.set(`${name}.weight`, [outputs, inputs]);
    this.set(`${name}.bias`, [outputs]);
  }

  norm(name: string, width: number): void {
    this.set(`${name}.weight`, [width]);
    this.set(`${name}.bias`, [width]);
  }

  /** Blocks `stem.0`, `stem.1` … of a vision transformer, and the norm that follows them. */
  stack(stem: string, norm: string, { width, depth, hidden }: Omit<StackConfig, 'heads'>): void {
    for (let block = 0; block < depth; block++) {
      const name = `${stem}.${block}`;
      this.norm(`${name}.norm1`, width);
      this.linear(`${name}.attn.qkv`, 3 * width, width);
      this.linear(`${name}.attn.proj`, width, width);
      this.norm(`${name}.norm2`, width);
      this.mlp(name, width, hidden);
    }
    this.norm(norm, width);
  }

  mlp(block: string, width: number, hidden: number): void {
    this.linear(`${block}.mlp.fc1`, hidden, width);
    this.linear(`${block}.mlp.fc2`, width, hidden);
  }

  /** The diffusion head. */
  head({ head, grid, decoder }: HeadSizes): void {
    const net = 'diffloss.net';
    this.linear(`${net}.time_embed.mlp.0`, head.width, SINUSOID_WIDTH);
    this.linear(`${net}.time_embed.mlp.2`, head.width, head.width);
    this.linear(`${net}.cond_embed`, head.width, decoder.width);
    this.linear(`${net}.input_proj`, head.width, grid.channels);
    for (let block = 0; block < head.depth; block++) {
      const name = `${net}.res_blocks.${block}`;
      this.norm(`${name}.in_ln`, head.width);
      this.linear(`${name}.mlp.0`, head.width, head.width);
      this.linear(`${name}.mlp.2`, head.width, head.width);
      this.linear(`${name}.adaLN_modulation.1`, 3 * head.width, head.width);
    }
    this.linear(`${net}.final_layer.adaLN_modulation.1`, 2 * head.width, head.width);
    this.linear(`${net}.final_layer.linear`, 2 * grid.channels, head.width);
  }
}
