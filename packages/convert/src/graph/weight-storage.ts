import { InvalidOptionError } from '@tessera/core';
import { STORAGE_TYPES, type StorageType } from '@tessera/format';
import type { LazyWeight } from './graph-builder.js';
import type { OnnxNode } from './onnx-writer.js';

/**
 * How weights are stored, and what with.
 *
 * - `fp32`, `fp16`: widened when a session is created; arithmetic is in float32, unless fp16 is requested where the model is loaded.
 * - `int8`: linear layers multiply integers, weights in 7 bits with a scale a column, rows in 8 bits with a scale a row.
 *   Convolutions' weights are in 8 bits with a scale an output channel, and widened when they run.
 * - `int4`: linear layers in 4 bits with a scale every 32 values, widened as they multiply.
 *
 * What int8 and int4 are not for is stored in fp16.
 */
export type WeightStorage = StorageType;

/** What one weight is stored as: `int8-columns` and `int4-blocks` change the product that reads it. */
export type StoredForm = 'float32' | 'float16' | 'int8-columns' | 'int8-channels' | 'int4-blocks';

/** Types are also given by callers whose types nobody checks. */
export function assertStorage(option: string, storage: WeightStorage): void {
  if (!STORAGE_TYPES.includes(storage)) {
    throw new InvalidOptionError(option, storage, `must be ${STORAGE_TYPES.join(', ')}`);
  }
}

/** Values that share a scale in 4 bits. */
export const BLOCK = 32;

/**
 * What each weight of a graph is stored as: the one place that decides it, from the type asked for, from what the weight
 * can bear (see `LazyWeight.atLeast`), and from what the nodes do with it.
 */
export function storedForms(
  weights: Iterable<LazyWeight>,
  nodes: readonly OnnxNode[],
  storage: WeightStorage,
): Map<string, StoredForm> {
  const readers = new Map<string, string[]>();
  for (const { type, inputs } of nodes) {
    inputs.forEach((input, index) => {
      readers.set(input, [...(readers.get(input) ?? []), `${type} ${index}`]);
    });
  }
  const reads = (name: string, wanted: readonly string[]): boolean =>
    (readers.get(name) ?? []).every((reader) => wanted.includes(reader));
  const form = ({ name, shape, atLeast }: LazyWeight): StoredForm => {
    if (storage === 'fp32' || atLeast === 'fp32' || shape.length < 2) return 'float32';
    if (storage === 'fp16' || atLeast === 'fp16') return 'float16';
    if (reads(name, ['MatMul 1', 'Gemm 1'])) {
      if (storage === 'int8') return 'int8-columns';
      if (shape[0]! % BLOCK === 0) return 'int4-blocks';
    }
    return storage === 'int8' && reads(name, ['Conv 1']) ? 'int8-channels' : 'float16';
  };
  return new Map(Array.from(weights, (weight) => [weight.name, form(weight)]));
}
