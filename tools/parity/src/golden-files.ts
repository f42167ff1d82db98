import { openTensors } from '@tessera/convert';
import { TesseraError } from '@tessera/core';
import { GoldenDataError, sentence } from './golden-data-error.js';

/** A recorded tensor. Integers and bytes are widened, exactly, for all of them are small. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** The tensors of one recorded file, all in memory. */
export class GoldenTensors {
  readonly path: string;
  readonly #tensors: ReadonlyMap<string, GoldenTensor>;

  constructor(path: string, tensors: ReadonlyMap<string, GoldenTensor>) {
    this.path = path;
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * @param shape what its shape must be; an undefined extent may be anything
   * @throws GoldenDataError where the tensor is missing or has another shape
   */
  get(name: string, shape?: readonly (number | undefined)[]): GoldenTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new GoldenDataError(`${this.path} has no tensor "${name}".`);
    const fits =
      !shape ||
      (tensor.shape.length === shape.length &&
        shape.every((extent, axis) => extent === undefined || extent === tensor.shape[axis]));
    if (!fits) {
      const wanted = shape.map((extent) => extent ?? 'any').join(', ');
      throw new GoldenDataError(
        `${this.path}: "${name}" has the shape [${tensor.shape.join(', ')}] where [${wanted}] is needed.`,
      );
    }
    return tensor;
  }

  /** The tensors whose whole name fits `pattern`, with its groups. */
  matching(pattern: RegExp): readonly { readonly name: string; readonly groups: readonly string[] }[] {
    return [...this.#tensors.keys()].flatMap((name) => {
      const match = pattern.exec(name);
      return match && match[0] === name ? [{ name, groups: match.slice(1) }] : [];
    });
  }
}

/** Reads a recorded file. @throws GoldenDataError where it is missing or corrupt */
export async function readTensors(path: string): Promise<GoldenTensors> {
  try {
    const file = await openTensors(path);
    try {
      const tensors = new Map<string, GoldenTensor>();
      for (const name of file.names) {
        const data = await file.read(name);
        tensors.set(name, {
          shape: file.shape(name),
          data: data instanceof Float32Array ? data : Float32Array.from(data, Number),
        });
      }
      return new GoldenTensors(path, tensors);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (TesseraError.isInstance(cause)) throw new GoldenDataError(sentence(cause), { cause });
    throw new GoldenDataError(`${path} can't be read: ${sentence(cause)}.`, { cause });
  }
}

/** The rows of a tensor along its first axis. */
export function rowsOf({ shape, data }: GoldenTensor): readonly Float32Array[] {
  const count = shape[0] ?? 1;
  const size = data.length / count;
  return Array.from({ length: count }, (_, row) => data.subarray(row * size, (row + 1) * size));
}
