/** The names that diffusers gives the layers of a KL autoencoder, written from its modules and not from the published names. */
export function diffusersVaeKeys(): Map<string, readonly number[]> {
  const widths = [32, 64];
  const keys = new Map<string, readonly number[]>();
  const add = (name: string, ...shape: readonly number[]): void => {
    keys.set(`${name}.weight`, shape);
    keys.set(`${name}.bias`, shape.slice(0, 1));
  };
  const resnet = (name: string, from: number, to: number): void => {
    add(`${name}.norm1`, from);
    add(`${name}.conv1`, to, from, 3, 3);
    add(`${name}.norm2`, to);
    add(`${name}.conv2`, to, to, 3, 3);
    if (from !== to) add(`${name}.conv_shortcut`, to, from, 1, 1);
  };
  const middle = (side: string): void => {
    resnet(`${side}.mid_block.resnets.0`, 64, 64);
    resnet(`${side}.mid_block.resnets.1`, 64, 64);
    add(`${side}.mid_block.attentions.0.group_norm`, 64);
    for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0'])
      add(`${side}.mid_block.attentions.0.${part}`, 64, 64);
  };
  add('encoder.conv_in', 32, 3, 3, 3);
  resnet('encoder.down_blocks.0.resnets.0', 32, 32);
  add('encoder.down_blocks.0.downsamplers.0.conv', 32, 32, 3, 3);
  resnet('encoder.down_blocks.1.resnets.0', 32, widths[1]!);
  middle('encoder');
  add('encoder.conv_norm_out', 64);
  add('encoder.conv_out', 8, 64, 3, 3);
  add('decoder.conv_in', 64, 4, 3, 3);
  middle('decoder');
  resnet('decoder.up_blocks.0.resnets.0', 64, 64);
  resnet('decoder.up_blocks.0.resnets.1', 64, 64);
  add('decoder.up_blocks.0.upsamplers.0.conv', 64, 64, 3, 3);
  resnet('decoder.up_blocks.1.resnets.0', 64, 32);
  resnet('decoder.up_blocks.1.resnets.1', 32, 32);
  add('decoder.conv_norm_out', 32);
  add('decoder.conv_out', 3, 32, 3, 3);
  add('quant_conv', 8, 8, 1, 1);
  add('post_quant_conv', 4, 4, 1, 1);
  return keys;
}
