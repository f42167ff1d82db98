import { TensorAccessError } from '../errors.js';
import { bfloat16ToFloat32, float16ToFloat32 } from '../graph/float16.js';
import type { SafetensorsDtype } from './safetensors-header.js';

/** What {@link TensorFile.read} returns: F16 and BF16 are widened to float32, exactly. */
export type TensorArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** Named tensors in a file, or in several, read one at a time. Close it when done. */
export interface TensorFile {
  readonly path: string;
  /** All tensors' names, in the file's order. */
  readonly names: readonly string[];
  /** Of a safetensors file; of any other, empty. */
  readonly metadata: Readonly<Record<string, string>>;
  has(name: string): boolean;
  /** @throws TensorAccessError for an unknown name */
  shape(name: string): readonly number[];
  /** @throws TensorAccessError for an unknown name */
  dtype(name: string): SafetensorsDtype;
  /**
   * A tensor's bytes, little-endian in row-major order, in memory of their own.
   *
   * @param rows the half-open range of the first axis to read; all by default
   * @throws TensorAccessError for an unknown name, or rows that there are not
   */
  readBytes(name: string, rows?: readonly [from: number, to: number]): Promise<Uint8Array<ArrayBuffer>>;
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

/** Where a container keeps its tensors. */
export interface TensorStore {
  readonly path: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<
    string,
    { readonly dtype: SafetensorsDtype; readonly shape: readonly number[] }
  >;
  /** The bytes of rows [from, to) of a tensor that is there; of a scalar, [0, 1). */
  readRows(name: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** What makes an array of a tensor's bytes, for the types that can be read. */
const ARRAYS: Partial<Record<SafetensorsDtype, (bytes: ArrayBuffer) => TensorArray>> = {
  F64: (bytes) => new Float64Array(bytes),
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => float16ToFloat32(new Uint16Array(bytes)),
  BF16: (bytes) => bfloat16ToFloat32(new Uint16Array(bytes)),
  I64: (bytes) => new BigInt64Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
  U8: (bytes) => new Uint8Array(bytes),
};

/** The tensors of any container. */
export function tensorFile({ path, metadata = {}, tensors, readRows, close }: TensorStore): TensorFile {
  const entryOf = (name: string) => {
    const entry = tensors.get(name);
    if (!entry) throw new TensorAccessError(path, name, 'is not in the file');
    return entry;
  };
  const arraysOf = (name: string) => {
    const { dtype } = entryOf(name);
    const toArray = ARRAYS[dtype];
    if (!toArray) throw new TensorAccessError(path, name, `holds ${dtype}, which can't be read`);
    return toArray;
  };
  const readBytes: TensorFile['readBytes'] = async (name, rows) => {
    const count = entryOf(name).shape[0] ?? 1;
    const [from, to] = rows ?? [0, count];
    if (from < 0 || to > count || from > to) {
      throw new TensorAccessError(path, name, `has ${count} rows; ${from} to ${to} were asked for`);
    }
    return readRows(name, from, to);
  };
  return {
    path,
    names: [...tensors.keys()],
    metadata,
    has: (name) => tensors.has(name),
    shape: (name) => entryOf(name).shape,
    dtype: (name) => entryOf(name).dtype,
    readBytes,
    read: async (name) => {
      const toArray = arraysOf(name);
      return toArray((await readBytes(name)).buffer);
    },
    readFloats: async (name, rows) => {
      const toArray = arraysOf(name);
      const values = toArray((await readBytes(name, rows)).buffer);
      if (values instanceof Float32Array) return values;
      if (values instanceof Float64Array) return Float32Array.from(values);
      const problem = `holds ${entryOf(name).dtype} where floating-point numbers are needed`;
      throw new TensorAccessError(path, name, problem);
    },
    close,
  };
}
