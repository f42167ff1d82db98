import { InvalidOptionError } from '@tessera/core';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import {
  CheckpointKeysError,
  CheckpointValuesError,
  type MisshapenKey,
  type UnusableTensor,
} from '../errors.js';
import type { LazyWeight } from '../graph/graph-builder.js';
import { elementCount } from './safetensors-header.js';
import type { TensorFile } from './tensor-file.js';
import { isTrainingKey, type WeightsCopy, type WeightsKind, weightCopies } from './weight-copies.js';

/** Which copy of its weights a checkpoint gives, and what else it has. */
export interface TakenWeights extends Pick<WeightsCopy, 'kind' | 'prefix'> {
  /** Copies that were not taken. */
  readonly others: readonly (Pick<WeightsCopy, 'kind' | 'prefix'> & { readonly isIgnored: boolean })[];
  /** Keys that belong to a training and were passed over. */
  readonly trainingKeys: readonly string[];
}

export interface CheckpointOptions {
  /** Beginnings of names in the file, or of keys, to pass over. @default [] */
  readonly ignore?: readonly string[];
  /** Which weights to take where the file has both. @default averaged ones if they are whole, else raw ones */
  readonly weights?: WeightsKind;
}

export interface ValuesOptions {
  /** @default false */
  readonly allowZeros?: boolean;
  readonly signal?: CancellationSignal | undefined;
  /** Called after each tensor, with how many values it has. */
  readonly onTensor?: (tensor: string, values: number) => void;
}

/**
 * A model's tensors in a safetensors file, under the names of the published code whatever the prefix in the file.
 */
export class Checkpoint {
  readonly path: string;
  readonly taken: TakenWeights;
  readonly #file: TensorFile;
  /** Names in the file by key. */
  readonly #names: ReadonlyMap<string, string>;

  /**
   * @param anchor a key that every such model has; what stands before it in the file is the prefix
   * @throws InvalidOptionError if the file has no weights of the kind asked for
   */
  constructor(file: TensorFile, anchor: string, { ignore = [], weights }: CheckpointOptions = {}) {
    this.path = file.path;
    this.#file = file;
    const isIgnored = (name: string): boolean => ignore.some((beginning) => name.startsWith(beginning));
    const all = weightCopies(file.names, anchor);
    // A file's name tells of its only copy: ignoring the others of `raw-and-ema.safetensors` makes no averaged weights of the rest.
    const copies = weightCopies(
      file.names.filter((name) => !isIgnored(name)),
      anchor,
      all.length === 1 ? file.path : '',
    );
    const copy = copies.find(({ kind }) => weights === undefined || kind === weights);
    if (!copy) {
      const found = copies
        .map(({ kind, prefix }) => (prefix === '' ? kind : `${kind} (${prefix})`))
        .join(', ');
      throw new InvalidOptionError(
        'weights',
        weights,
        `must be left out, or name what ${file.path} has, which is ${found}`,
      );
    }
    const keys = [...copy.names].filter(([key]) => !isIgnored(key));
    this.#names = new Map(keys.filter(([key]) => !isTrainingKey(key)));
    this.taken = {
      kind: copy.kind,
      prefix: copy.prefix,
      others: all
        .filter(({ prefix }) => prefix !== copy.prefix)
        .map(({ kind, prefix }) => ({
          kind,
          prefix,
          isIgnored: !copies.some((other) => other.prefix === prefix),
        })),
      trainingKeys: keys.filter(([key]) => isTrainingKey(key)).map(([, name]) => name),
    };
  }

  /** The tensor's shape, or undefined if there is no such tensor. */
  shape(key: string): readonly number[] | undefined {
    const name = this.#names.get(key);
    return name === undefined ? undefined : this.#file.shape(name);
  }

  /** One past the largest N of keys `stem.N.…`. */
  count(stem: string): number {
    let count = 0;
    for (const name of this.#names.keys()) {
      if (!name.startsWith(`${stem}.`)) continue;
      const index = Number.parseInt(name.slice(stem.length + 1), 10);
      if (Number.isInteger(index)) count = Math.max(count, index + 1);
    }
    return count;
  }

  /** How many values all tensors hold together. */
  get parameters(): number {
    return [...this.#names.keys()].reduce((sum, key) => sum + elementCount(this.shape(key)!), 0);
  }

  /** See {@link TensorFile.readFloats}. */
  read(key: string, rows?: readonly [from: number, to: number]): Promise<Float32Array> {
    return this.#file.readFloats(this.#names.get(key) ?? this.taken.prefix + key, rows);
  }

  /**
   * Compares the checkpoint with the keys a configuration asks for.
   *
   * @param expected shapes by key; NaN is an extent that could not be told
   * @throws CheckpointKeysError that lists all differences
   */
  assertKeys(expected: ReadonlyMap<string, readonly number[]>): void {
    const missing = [...expected.keys()].filter((key) => !this.#names.has(key));
    const unexpected = [...this.#names.keys()].filter((key) => !expected.has(key));
    const misshapen: MisshapenKey[] = [];
    for (const [key, shape] of expected) {
      if (!this.#names.has(key)) continue;
      const actual = this.shape(key)!;
      const fits =
        actual.length === shape.length &&
        shape.every((extent, axis) => Number.isNaN(extent) || extent === actual[axis]);
      if (!fits) misshapen.push({ key, expected: shape, actual });
    }
    if (missing.length + unexpected.length + misshapen.length > 0) {
      throw new CheckpointKeysError(this.path, { missing, unexpected, misshapen });
    }
  }

  /**
   * Reads every tensor once: a value that is no number would spread over all pictures.
   *
   * @returns names in the file of tensors that are all zeros, and may be
   * @throws CheckpointValuesError that names all tensors with NaN, with infinity or, unless allowed, nothing but zeros; a bias
   *   may always be zero
   */
  async assertValues({ allowZeros = false, signal, onTensor }: ValuesOptions = {}): Promise<string[]> {
    const unusable: UnusableTensor[] = [];
    const zeros: string[] = [];
    for (const [key, tensor] of this.#names) {
      throwIfAborted(signal);
      const values = await this.read(key);
      const found = values.findIndex((value) => !Number.isFinite(value));
      if (found >= 0) {
        const problem = Number.isNaN(values[found]) ? 'nan' : 'infinity';
        unusable.push({ tensor, problem, at: indexOf(found, this.shape(key)!) });
      } else if (values.length > 0 && values.every((value) => value === 0)) {
        if (allowZeros || key.endsWith('.bias')) zeros.push(tensor);
        else unusable.push({ tensor, problem: 'zero', at: [] });
      }
      onTensor?.(tensor, values.length);
    }
    if (unusable.length > 0) throw new CheckpointValuesError(this.path, unusable);
    return zeros;
  }

  /** A tensor as it is, under another shape of as many elements if one is given. */
  tensor(key: string, shape: readonly number[]): LazyWeight {
    return { name: key, shape, load: () => this.read(key) };
  }

  /**
   * A linear layer's weight [out, in], or rows [from, to) of it, transposed to [in, out]: a row-major matrix product
   * reads it so.
   */
  transposed(
    key: string,
    inputs: number,
    [from, to]: readonly [from: number, to: number],
    name = key,
  ): LazyWeight {
    return {
      name,
      shape: [inputs, to - from],
      load: async () => transpose(await this.read(key, [from, to]), to - from, inputs),
    };
  }
}

/** A flat index as one index an axis. */
function indexOf(flat: number, shape: readonly number[]): number[] {
  const at: number[] = [];
  for (const extent of shape.toReversed()) {
    at.unshift(flat % extent);
    flat = Math.floor(flat / extent);
  }
  return at;
}

/** [rows, columns] → [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  // Square tiles: a plain double loop misses the cache on every access of one side.
  const tile = 32;
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(rows, top + tile);
    for (let left = 0; left < columns; left += tile) {
      const right = Math.min(columns, left + tile);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          out[column * rows + row] = values[row * columns + column]!;
        }
      }
    }
  }
  return out;
}
