import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, StorageType } from '@tessera/format';
import { weightShapes } from './weight-shapes.js';

/** One of the two stacks of transformer blocks. */
export interface StackSizes {
  readonly width: number;
  readonly depth: number;
  /** Width of the MLP's hidden layer. */
  readonly hidden: number;
}

/** The transformer of a MAR model. */
export interface TransformerSizes {
  /** L: positions of the grid. */
  readonly length: number;
  readonly channels: number;
  /** Class rows before the tokens. */
  readonly buffer: number;
  readonly encoder: StackSizes;
  readonly decoder: StackSizes;
}

/** Reads the sizes off the weights of a model folder's transformer. */
export async function transformerSizes(
  folder: string,
  manifest: Manifest,
  dtype: StorageType,
): Promise<TransformerSizes> {
  const variant = manifest.variants.find((each) => each.dtype === dtype)!;
  const { transformer } = variant.components;
  if (!transformer) throw new Error(`${folder} holds no MAR model, whose transformer is one graph.`);
  const shapes = weightShapes(await readFile(join(folder, transformer.path)));
  const { height, width, channels } = manifest.grid;
  const length = height * width;
  const shape = (name: string): readonly number[] => {
    const found = shapes.get(name) ?? shapes.get(`${name}.fp16`) ?? shapes.get(`${name}.int8`);
    const blocks = shapes.get(`${name}.int4`);
    // [columns, rows / 32, 16], see `quantizeBlocks` of @tessera/convert.
    if (blocks) return [32 * blocks[1]!, blocks[0]!];
    if (!found) throw new Error(`The transformer's graph in ${folder} has no weight "${name}".`);
    return found;
  };
  const stack = (side: 'encoder' | 'decoder'): StackSizes => {
    const [inner, hidden] = shape(`${side}_blocks.0.mlp.fc1.weight`);
    const blocks = [...shapes.keys()].filter((name) =>
      new RegExp(`^${side}_blocks\\.\\d+\\.mlp\\.fc1\\.bias$`).test(name),
    );
    return { width: inner!, hidden: hidden!, depth: blocks.length };
  };
  const buffer = shape('encoder_pos_embed_learned')[0]! - length;
  return { length, channels, buffer, encoder: stack('encoder'), decoder: stack('decoder') };
}
