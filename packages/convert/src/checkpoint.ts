import { CheckpointKeysError, type MisshapenKey } from './errors.js';
import type { LazyWeight } from './graph-builder.js';
import type { SafetensorsFile } from './safetensors.js';

/** Prefixes that training code puts before the keys of a model's raw weights, best first. */
const RAW_PREFIXES = ['', 'model.', 'module.'];

/** What stands before the keys of averaged weights, alone or among other parts. */
const AVERAGED = /(^|\.)(model_)?ema\./;

/**
 * A model's tensors in a safetensors file, under the names of the published code whatever the prefix in the file. Of raw
 * weights and averaged ones (`ema`, `model_ema`) in one file it is the averaged ones.
 */
export class Checkpoint {
  readonly path: string;
  /** What stands before the tensors' names in the file, such as `model_ema.`; empty if nothing does. */
  readonly prefix: string;
  readonly #file: SafetensorsFile;
  readonly #names: readonly string[];

  /**
   * @param anchor a key that every such model has; what stands before it in the file is the prefix
   * @param ignore beginnings of keys to pass over, such as those of a training loss
   */
  constructor(file: SafetensorsFile, anchor: string, ignore: readonly string[] = []) {
    this.path = file.path;
    this.#file = file;
    const found = file.names
      .filter((name) => name === anchor || name.endsWith(`.${anchor}`))
      .map((name) => name.slice(0, name.length - anchor.length));
    this.prefix =
      found.find((prefix) => AVERAGED.test(prefix)) ??
      RAW_PREFIXES.find((prefix) => found.includes(prefix)) ??
      found[0] ??
      '';
    // A file may hold two copies, the averaged weights and the raw ones: the other copy is not unexpected.
    const others = found.filter((prefix) => prefix !== this.prefix && prefix.startsWith(this.prefix));
    this.#names = file.names
      .filter((name) => name.startsWith(this.prefix) && !others.some((prefix) => name.startsWith(prefix)))
      .map((name) => name.slice(this.prefix.length))
      .filter((name) => !ignore.some((beginning) => name.startsWith(beginning)));
  }

  /** The tensor's shape, or undefined if there is no such tensor. */
  shape(key: string): readonly number[] | undefined {
    const name = this.prefix + key;
    return this.#file.has(name) ? this.#file.shape(name) : undefined;
  }

  /** One past the largest N of keys `stem.N.…`. */
  count(stem: string): number {
    let count = 0;
    for (const name of this.#names) {
      if (!name.startsWith(`${stem}.`)) continue;
      const index = Number.parseInt(name.slice(stem.length + 1), 10);
      if (Number.isInteger(index)) count = Math.max(count, index + 1);
    }
    return count;
  }

  /** How many values all tensors hold together. */
  get parameters(): number {
    return this.#names.reduce(
      (sum, key) => sum + this.shape(key)!.reduce((size, extent) => size * extent, 1),
      0,
    );
  }

  /** See {@link SafetensorsFile.readFloats}. */
  read(key: string, rows?: readonly [from: number, to: number]): Promise<Float32Array> {
    return this.#file.readFloats(this.prefix + key, rows);
  }

  /**
   * Compares the checkpoint with the keys a configuration asks for.
   *
   * @param expected shapes by key; NaN is an extent that could not be told
   * @throws CheckpointKeysError that lists all differences
   */
  assertKeys(expected: ReadonlyMap<string, readonly number[]>): void {
    const present = new Set(this.#names);
    const missing = [...expected.keys()].filter((key) => !present.has(key));
    const unexpected = this.#names.filter((name) => !expected.has(name));
    const misshapen: MisshapenKey[] = [];
    for (const [key, shape] of expected) {
      if (!present.has(key)) continue;
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
