import { open, rename, rm } from 'node:fs/promises';
import { assertShape } from '@tessera/core/model';
import { beside } from '../output/leftovers.js';
import type { SafetensorsDtype } from './safetensors-header.js';
import type { TensorArray } from './tensor-file.js';

/** A tensor to write. Its type follows from the array; a Uint16Array holds half floats' bits (F16). */
export interface TensorToWrite {
  readonly shape: readonly number[];
  /** Row-major, as many elements as the shape says. */
  readonly data: TensorArray | Uint16Array;
}

function dtypeOf(data: TensorToWrite['data']): SafetensorsDtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Uint16Array) return 'F16';
  return 'U8';
}

/**
 * Writes a safetensors file. It appears under its name only when complete: the bytes go to a file beside it first.
 *
 * @param tensors written in the order of the object's keys
 * @throws ShapeMismatchError if an array's length is not its shape's product
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    assertShape(`tensor "${name}"`, data, shape);
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = Buffer.from(JSON.stringify(header));
  // Padded with spaces, as the format recommends, so that the data begin at a multiple of 8 bytes.
  text = Buffer.concat([text, Buffer.alloc(-text.length & 7, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));

  const partial = beside(path, 'partial');
  const handle = await open(partial, 'wx');
  try {
    await handle.writeFile(Buffer.concat([length, text]));
    for (const { data } of Object.values(tensors)) {
      await handle.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    await handle.close();
    await rename(partial, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}
