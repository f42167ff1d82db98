import {
  type ClassInput,
  type ConditionImage,
  type Conditions,
  TesseraError,
  UnguidedConditionsError,
} from '@tessera/core';
import type { DeviceTensor } from './device-tensor.js';

/** A batch's z [B, T, D], held until none of its images needs it any more. */
class BatchRows {
  readonly z: DeviceTensor;
  readonly #free: (z: DeviceTensor) => void;
  #users: number;
  #values: Promise<Float32Array> | undefined;

  constructor(z: DeviceTensor, users: number, free: (z: DeviceTensor) => void) {
    this.z = z;
    this.#users = users;
    this.#free = free;
  }

  /** All of it, read from the runtime at the first call. */
  read(): Promise<Float32Array> {
    this.#values ??= this.#readOnce();
    return this.#values;
  }

  /** The read is a user itself: a runtime can't free what it is reading. */
  async #readOnce(): Promise<Float32Array> {
    this.#users++;
    try {
      return await this.z.read();
    } finally {
      this.releaseOne();
    }
  }

  releaseOne(): void {
    if (--this.#users === 0) this.#free(this.z);
  }
}

/** One image's rows of a batch's z. */
export class ConditionRows implements Conditions {
  readonly count: number;
  readonly width: number;
  readonly guided: boolean;
  /** First of the image's rows of z, and of its unconditional ones. */
  readonly #first: number;
  readonly #firstUnconditional: number | undefined;
  readonly #shared: BatchRows;
  #released = false;

  constructor(
    shared: BatchRows,
    shape: { readonly count: number; readonly width: number },
    first: number,
    firstUnconditional: number | undefined,
  ) {
    this.count = shape.count;
    this.width = shape.width;
    this.guided = firstUnconditional !== undefined;
    this.#shared = shared;
    this.#first = first;
    this.#firstUnconditional = firstUnconditional;
  }

  /** The batch's z; the same for all its images. */
  get z(): DeviceTensor {
    this.#assertHeld();
    return this.#shared.z;
  }

  /** Which row of z belongs to the image's `row`. */
  place(row: number, unconditional: boolean): number {
    return (unconditional ? this.#firstUnconditional! : this.#first) + row;
  }

  read(): Promise<Float32Array> {
    return this.#rows(this.#first);
  }

  async readUnconditional(): Promise<Float32Array> {
    if (this.#firstUnconditional === undefined) {
      throw new UnguidedConditionsError(
        'No unconditional rows were asked for. Ask `condition` for them with `guided`.',
      );
    }
    return this.#rows(this.#firstUnconditional);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#shared.releaseOne();
  }

  async #rows(first: number): Promise<Float32Array> {
    this.#assertHeld();
    const all = await this.#shared.read();
    return all.slice(first * this.width, (first + this.count) * this.width);
  }

  #assertHeld(): void {
    if (this.#released) {
      throw new TesseraError('conditions-released', 'These conditions were released and can not be read.');
    }
  }
}

/**
 * A batch's z [B, T, D] as one `Conditions` an image: first the conditional rows of all, then the unconditional ones of
 * those that are guided.
 *
 * @param free is called once all of them are released
 */
export function splitRows(
  z: DeviceTensor,
  images: readonly ConditionImage<ClassInput>[],
  width: number,
  free: (z: DeviceTensor) => void,
): ConditionRows[] {
  const count = images[0]!.positions.length;
  const shared = new BatchRows(z, images.length, free);
  let next = images.length;
  return images.map(({ guided }, image) => {
    const unconditional = guided ? next++ * count : undefined;
    return new ConditionRows(shared, { count, width }, image * count, unconditional);
  });
}
