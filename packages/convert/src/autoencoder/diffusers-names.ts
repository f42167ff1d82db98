import { type TensorFile, tensorFile } from '../checkpoint/tensor-file.js';

/** Parts of diffusers' names and what the published code calls them, in the order in which they are exchanged. */
const RENAMES: readonly (readonly [RegExp, string])[] = [
  [/^encoder\.down_blocks\.(\d+)\./, 'encoder.down.$1.'],
  [/\.mid_block\.attentions\.0\./, '.mid.attn_1.'],
  [/\.mid_block\.resnets\.0\./, '.mid.block_1.'],
  [/\.mid_block\.resnets\.1\./, '.mid.block_2.'],
  [/\.resnets\.(\d+)\./, '.block.$1.'],
  [/\.attentions\.(\d+)\./, '.attn.$1.'],
  [/\.downsamplers\.0\./, '.downsample.'],
  [/\.upsamplers\.0\./, '.upsample.'],
  [/\.conv_shortcut\./, '.nin_shortcut.'],
  [/\.conv_norm_out\./, '.norm_out.'],
  [/\.group_norm\./, '.norm.'],
  [/\.(?:to_out\.0|proj_attn)\./, '.proj_out.'],
  [/\.(?:to_q|query)\./, '.q.'],
  [/\.(?:to_k|key)\./, '.k.'],
  [/\.(?:to_v|value)\./, '.v.'],
];

/** A 1×1 convolution of an attention block, which diffusers stores as a matrix. */
const PROJECTION = /\.attn(_1|\.\d+)\.(q|k|v|proj_out)\.weight$/;

/**
 * A KL autoencoder of diffusers (`AutoencoderKL`) under the published code's names and shapes; any other file as it is. The
 * decoder's levels are counted from the other end.
 */
export function publishedNames(file: TensorFile): TensorFile {
  const levels = new Set(file.names.map((name) => /^decoder\.up_blocks\.(\d+)\.resnets\./.exec(name)?.[1]));
  levels.delete(undefined);
  if (levels.size === 0) return file;
  const published = (name: string): string =>
    RENAMES.reduce(
      (text, [part, other]) => text.replace(part, other),
      name.replace(
        /^decoder\.up_blocks\.(\d+)\./,
        (_, level) => `decoder.up.${levels.size - 1 - Number(level)}.`,
      ),
    );
  const names = new Map(file.names.map((name) => [published(name), name]));
  const tensors = [...names].map(([name, own]) => {
    const shape = file.shape(own);
    const isMatrix = PROJECTION.test(name) && shape.length === 2;
    return [name, { dtype: file.dtype(own), shape: isMatrix ? [...shape, 1, 1] : shape }] as const;
  });
  return tensorFile({
    path: file.path,
    metadata: file.metadata,
    tensors: new Map(tensors),
    readRows: (name, from, to) => file.readBytes(names.get(name)!, [from, to]),
    close: () => file.close(),
  });
}
