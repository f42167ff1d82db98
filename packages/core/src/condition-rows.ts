import type { Conditions } from './conditions.js';
import { assertInteger, ConditionsReleasedError, UnguidedConditionsError } from './errors.js';

/** z where the runtime keeps it: in a worker or on a GPU. */
export interface DeviceTensor {
  /** All rows, [R, D]. */
  read(): Promise<Float32Array>;
  /** Frees it. {@link ConditionRows} calls this once, when nothing reads or uses the tensor any more. */
  release(): void;
}

/** A tensor of values that are in memory, [R, D]. */
export function memoryTensor(values: Float32Array): DeviceTensor {
  return { read: async () => values, release() {} };
}

/** Counts who needs a tensor, and reads it at most once. */
class SharedTensor {
  readonly tensor: DeviceTensor;
  #users: number;
  #values: Promise<Float32Array> | undefined;

  constructor(tensor: DeviceTensor, users: number) {
    this.tensor = tensor;
    this.#users = users;
  }

  read(): Promise<Float32Array> {
    this.#values ??= this.#readOnce();
    return this.#values;
  }

  /** The read is a user itself: a runtime can't free what it is reading. */
  async #readOnce(): Promise<Float32Array> {
    this.#users++;
    try {
      return await this.tensor.read();
    } finally {
      this.release();
    }
  }

  release(): void {
    if (--this.#users === 0) this.tensor.release();
  }
}

/**
 * One image's rows of a z that a batch may share. The tensor is freed once all images of the batch have released their
 * rows.
 *
 * ```ts
 * const z = memoryTensor(new Float32Array(13 * 16)); // 5 + 3 rows, then the 5 unconditional ones of the first image
 * const [first, second] = ConditionRows.split(z, 16, [
 *   { count: 5, guided: true },
 *   { count: 3, guided: false },
 * ]);
 * ```
 */
export class ConditionRows implements Conditions {
  readonly count: number;
  readonly width: number;
  readonly guided: boolean;
  readonly #shared: SharedTensor;
  readonly #rows: Uint32Array;
  readonly #unconditional: Uint32Array | undefined;
  /** Whose rows these are a selection of. */
  readonly #owner: ConditionRows | undefined;
  #released = false;

  private constructor(
    shared: SharedTensor,
    width: number,
    rows: Uint32Array,
    unconditional: Uint32Array | undefined,
    owner?: ConditionRows,
  ) {
    this.count = rows.length;
    this.width = width;
    this.guided = unconditional !== undefined;
    this.#shared = shared;
    this.#rows = rows;
    this.#unconditional = unconditional;
    this.#owner = owner;
  }

  /**
   * @param tensor z [R, D]: the conditional rows of all images, then the unconditional rows of the guided ones
   * @param width D
   * @returns one entry an image
   */
  static split(
    tensor: DeviceTensor,
    width: number,
    images: readonly { readonly count: number; readonly guided: boolean }[],
  ): ConditionRows[] {
    const shared = new SharedTensor(tensor, images.length);
    let next = 0;
    const take = (count: number): Uint32Array => Uint32Array.from({ length: count }, () => next++);
    const conditional = images.map(({ count }) => take(count));
    return images.map(
      ({ count, guided }, i) =>
        new ConditionRows(shared, width, conditional[i]!, guided ? take(count) : undefined),
    );
  }

  /** The tensor that holds the rows. @throws ConditionsReleasedError after `release` */
  get tensor(): DeviceTensor {
    this.#assertHeld();
    return this.#shared.tensor;
  }

  /** Which row of the tensor holds `row` of these conditions. `unconditional` needs `guided` conditions. */
  tensorRow(row: number, unconditional: boolean): number {
    return (unconditional ? this.#unconditional! : this.#rows)[row]!;
  }

  read(): Promise<Float32Array> {
    return this.#gather(this.#rows);
  }

  async readUnconditional(): Promise<Float32Array> {
    if (!this.#unconditional) {
      throw new UnguidedConditionsError(
        'These conditions have no unconditional rows. Request them from `condition` with `guided`.',
      );
    }
    return this.#gather(this.#unconditional);
  }

  /** The conditional rows, then the unconditional ones of guided conditions, [n, D] or [2n, D]. */
  readAll(): Promise<Float32Array> {
    const unconditional = this.#unconditional ?? new Uint32Array();
    return this.#gather(Uint32Array.of(...this.#rows, ...unconditional));
  }

  /**
   * Some of the rows, in the order of `rows` [m]. They can be read until the conditions themselves are released; releasing
   * them does nothing.
   *
   * @throws InvalidOptionError if there is no such row
   */
  select(rows: Uint32Array): ConditionRows {
    for (const [i, row] of rows.entries()) assertInteger(`rows[${i}]`, row, 0, this.count - 1);
    const pick = (all: Uint32Array): Uint32Array => rows.map((row) => all[row]!);
    const unconditional = this.#unconditional && pick(this.#unconditional);
    return new ConditionRows(this.#shared, this.width, pick(this.#rows), unconditional, this);
  }

  /** Frees the rows. Reading them afterwards rejects with `ConditionsReleasedError`. Idempotent. */
  release(): void {
    if (this.#released || this.#owner) return;
    this.#released = true;
    this.#shared.release();
  }

  async #gather(rows: Uint32Array): Promise<Float32Array> {
    this.#assertHeld();
    const all = await this.#shared.read();
    const { width } = this;
    const gathered = new Float32Array(rows.length * width);
    for (const [i, row] of rows.entries())
      gathered.set(all.subarray(row * width, (row + 1) * width), i * width);
    return gathered;
  }

  #assertHeld(): void {
    if (this.#owner) this.#owner.#assertHeld();
    else if (this.#released) throw new ConditionsReleasedError();
  }
}
