import { assertInteger } from './errors.js';

/**
 * z at the planned positions of one image. It stays where the runtime holds it (a worker, a GPU) until it is read.
 * Rows follow the plan's positions in ascending order.
 */
export interface Conditions {
  /** n: the number of rows. */
  readonly count: number;
  /** D: the transformer's width. */
  readonly width: number;
  /** Whether an unconditional row is held beside each conditional one, for guidance. */
  readonly guided: boolean;
  /** The conditional rows, [n, D]. */
  read(): Promise<Float32Array>;
  /** The unconditional rows, [n, D]; rejects where `guided` is false. */
  readUnconditional(): Promise<Float32Array>;
  /** Lets the runtime forget the rows. Reading afterwards rejects. Idempotent. */
  release(): void;
}

/**
 * Some rows of `conditions`, in the order of `rows` [m], as conditions of their own; releasing them does nothing.
 *
 * @throws InvalidOptionError where there is no such row
 */
export function selectConditions(conditions: Conditions, rows: Uint32Array): Conditions {
  const { count, width, guided } = conditions;
  for (const [i, row] of rows.entries()) assertInteger(`rows[${i}]`, row, 0, count - 1);
  const pick = (all: Float32Array): Float32Array => {
    const picked = new Float32Array(rows.length * width);
    for (const [i, row] of rows.entries())
      picked.set(all.subarray(row * width, (row + 1) * width), i * width);
    return picked;
  };
  return {
    count: rows.length,
    width,
    guided,
    read: async () => pick(await conditions.read()),
    readUnconditional: async () => pick(await conditions.readUnconditional()),
    release() {},
  };
}
