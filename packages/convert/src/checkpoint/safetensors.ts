import { type FileHandle, open } from 'node:fs/promises';
import { SafetensorsFileError, SafetensorsFormatError, TensorAccessError } from '../errors.js';
import { bfloat16ToFloat32, float16ToFloat32 } from '../graph/float16.js';
import { fileKindOf, KIND_BYTES } from './file-kind.js';
import {
  parseHeader,
  type SafetensorsDtype,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';

/** What {@link SafetensorsFile.read} returns: F16 and BF16 are widened to float32, exactly. */
export type TensorArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** No header of a real checkpoint comes near; a larger length means that the file is something else. */
const LARGEST_HEADER = 100 * 1024 * 1024;

/** What a header begins with. */
const BRACE = '{'.charCodeAt(0);

/** A safetensors file, read lazily: the header once, then one tensor at a time. Close it when done. */
export interface SafetensorsFile {
  readonly path: string;
  /** All tensors' names, in the header's order. */
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  has(name: string): boolean;
  /** @throws TensorAccessError for an unknown name */
  shape(name: string): readonly number[];
  /** @throws TensorAccessError for an unknown name */
  dtype(name: string): SafetensorsDtype;
  /**
   * All elements in row-major order, in the array that fits the tensor's type.
   *
   * @throws TensorAccessError for an unknown name, or a type other than F64, F32, F16, BF16, I64, I32 and U8
   */
  read(name: string): Promise<TensorArray>;
  /**
   * A float tensor's elements as float32, in row-major order: exact for F32, F16 and BF16, rounded for F64.
   *
   * @param rows the half-open range of the first axis to read; all by default
   * @throws TensorAccessError for an unknown name, a tensor of integers, or one of a type that can't be read
   */
  readFloats(name: string, rows?: readonly [from: number, to: number]): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file and checks its header.
 *
 * @throws SafetensorsFileError if there is no such file, or it can't be opened
 * @throws SafetensorsFormatError if the file is truncated, its header makes no sense, or it is a PyTorch checkpoint
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await openFile(path);
  try {
    return new OpenFile(path, handle, await readHeader(path, handle));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new SafetensorsFileError(path, code === 'ENOENT' ? 'there is no such file' : message, { cause });
  }
}

async function readHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new SafetensorsFileError(path, 'it is not a file');
  const { size } = stats;
  const start = await readBytes(path, handle, 0, Math.min(size, KIND_BYTES));
  // A header shorter than this begins as no other kind of file does.
  const kind = start[8] === BRACE && start.readBigUInt64LE() < LARGEST_HEADER ? undefined : fileKindOf(start);
  if (kind) throw new SafetensorsFormatError(path, kind.isPyTorch ? 'pytorch' : 'other-format', kind.advice);
  if (size < 8)
    throw new SafetensorsFormatError(path, 'truncated', `it has ${size} bytes. Download it again`);
  const length = Number(start.readBigUInt64LE());
  if (length > LARGEST_HEADER) {
    throw new SafetensorsFormatError(
      path,
      'header',
      'it begins as no checkpoint does. Give a .safetensors file',
    );
  }
  if (8 + length > size) {
    throw new SafetensorsFormatError(
      path,
      'truncated',
      `its header ends at byte ${8 + length} of a file of ${size} bytes. Download it again`,
    );
  }
  const text = (await readBytes(path, handle, 8, 8 + length)).toString('utf8');
  return parseHeader(path, text, 8 + length, size);
}

/** The bytes [start, end), in memory of their own that begins at an aligned address. */
async function readBytes(path: string, handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.from(new ArrayBuffer(end - start));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) {
      throw new SafetensorsFormatError(
        path,
        'truncated',
        `it ended at byte ${start + filled} while it was read`,
      );
    }
    filled += bytesRead;
  }
  return buffer;
}

/** What makes an array of a tensor's bytes, for the types that can be read. */
const ARRAYS: Partial<Record<SafetensorsDtype, (bytes: ArrayBufferLike) => TensorArray>> = {
  F64: (bytes) => new Float64Array(bytes),
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => float16ToFloat32(new Uint16Array(bytes)),
  BF16: (bytes) => bfloat16ToFloat32(new Uint16Array(bytes)),
  I64: (bytes) => new BigInt64Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
  U8: (bytes) => new Uint8Array(bytes),
};

class OpenFile implements SafetensorsFile {
  readonly path: string;
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly #handle: FileHandle;
  readonly #tensors: ReadonlyMap<string, TensorEntry>;

  constructor(path: string, handle: FileHandle, header: SafetensorsHeader) {
    this.path = path;
    this.#handle = handle;
    this.#tensors = header.tensors;
    this.names = [...header.tensors.keys()];
    this.metadata = header.metadata;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  shape(name: string): readonly number[] {
    return this.#entry(name).shape;
  }

  dtype(name: string): SafetensorsDtype {
    return this.#entry(name).dtype;
  }

  async read(name: string): Promise<TensorArray> {
    const { start, end } = this.#entry(name);
    const toArray = this.#arrays(name);
    return toArray((await readBytes(this.path, this.#handle, start, end)).buffer);
  }

  async readFloats(name: string, rows?: readonly [from: number, to: number]): Promise<Float32Array> {
    const { dtype, shape, start, end } = this.#entry(name);
    const toArray = this.#arrays(name);
    const count = shape[0] ?? 1;
    const [from, to] = rows ?? [0, count];
    if (from < 0 || to > count || from > to) {
      throw new TensorAccessError(this.path, name, `has ${count} rows; ${from} to ${to} were asked for`);
    }
    const rowBytes = count === 0 ? 0 : (end - start) / count;
    const bytes = await readBytes(this.path, this.#handle, start + from * rowBytes, start + to * rowBytes);
    const values = toArray(bytes.buffer);
    if (values instanceof Float32Array) return values;
    if (values instanceof Float64Array) return Float32Array.from(values);
    throw new TensorAccessError(this.path, name, `holds ${dtype} where floating-point numbers are needed`);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #arrays(name: string): (bytes: ArrayBufferLike) => TensorArray {
    const { dtype } = this.#entry(name);
    const toArray = ARRAYS[dtype];
    if (!toArray) throw new TensorAccessError(this.path, name, `holds ${dtype}, which can't be read`);
    return toArray;
  }

  #entry(name: string): TensorEntry {
    const entry = this.#tensors.get(name);
    if (!entry) throw new TensorAccessError(this.path, name, 'is not in the file');
    return entry;
  }
}
