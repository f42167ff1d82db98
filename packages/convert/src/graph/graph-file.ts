import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { elementCount } from '../checkpoint/safetensors-header.js';
import { beside } from '../output/output-folder.js';
import { float32ToFloat16 } from './float16.js';
import type { GraphBuilder, LazyWeight } from './graph-builder.js';
import {
  ELEMENT_TYPES,
  type OnnxInitializer,
  type OnnxNode,
  type TensorBytes,
  writeModel,
} from './onnx-writer.js';

/** How weights are stored. They are computed with as float32 either way. */
export type WeightStorage = 'fp16' | 'fp32';

export interface SaveGraphOptions {
  readonly storage: WeightStorage;
  /**
   * Weights of up to this many bytes in all lie in the graph's own file, more in `NAME.onnx_data` beside it.
   * @default 64 MiB
   */
  readonly inlineLimit?: number;
  readonly signal?: CancellationSignal;
  /** Called after every weight. */
  readonly onWeight?: (weight: LazyWeight) => void;
}

export interface SavedGraph {
  /** The files written: the graph, and its weights if they lie beside it. */
  readonly files: readonly string[];
  /** Weights that stayed float32 although fp16 was asked for, because a value is beyond half floats' range. */
  readonly keptFloat32: readonly string[];
}

const INLINE_LIMIT = 64 * 1024 * 1024;
/** Alignment of weights in an external file, in bytes. */
const ALIGNMENT = 64;

/**
 * Writes a graph as an ONNX model. Weights are read, converted and written one by one, so that a checkpoint of any size
 * passes through. The files appear under their names, in place of those that are there, only when complete.
 *
 * Weights stored in fp16 get a Cast to float32 each, which ONNX Runtime computes once, at load. Weights of one axis
 * (biases, layer normalisation) always stay float32: they are a thousandth of the size.
 *
 * @param path ends in `.onnx`
 * @throws InvalidOptionError if `storage` is none of its types
 */
export async function saveGraph(
  graph: GraphBuilder,
  path: string,
  options: SaveGraphOptions,
): Promise<SavedGraph> {
  const { storage, inlineLimit = INLINE_LIMIT } = options;
  assertStorage('storage', storage);
  let total = 0;
  for (const weight of graph.weights.values()) {
    total += elementCount(weight.shape) * (isHalf(weight, storage) ? 2 : 4);
  }
  const dataPath = `${path}_data`;
  const files = total > inlineLimit ? [path, dataPath] : [path];
  const partial = new Map(files.map((file) => [file, beside(file, 'partial')]));
  try {
    const { initializers, casts, keptFloat32 } = await storing(
      partial.get(dataPath),
      basename(dataPath),
      (store) => storeWeights(graph, options, store),
    );
    const { name, inputs, outputs, nodes } = graph;
    const model = writeModel({ name, inputs, outputs, initializers, nodes: [...casts, ...nodes] });
    await writeFile(partial.get(path)!, model);
    // The graph last: it must not name what is not there.
    for (const file of files.toReversed()) await rename(partial.get(file)!, file);
    return { files, keptFloat32 };
  } finally {
    for (const file of partial.values()) await rm(file, { force: true });
  }
}

/** Types are also given by callers whose types nobody checks. */
export function assertStorage(option: string, storage: WeightStorage): void {
  if (storage !== 'fp16' && storage !== 'fp32') {
    throw new InvalidOptionError(option, storage, 'must be fp16 or fp32');
  }
}

/** Stores a tensor's bytes, and says where they are. */
type Store = (bytes: Uint8Array) => Promise<TensorBytes>;

/** What a graph's file says of its constants and weights. */
interface StoredWeights {
  readonly initializers: readonly OnnxInitializer[];
  readonly casts: readonly OnnxNode[];
  readonly keptFloat32: readonly string[];
}

async function storeWeights(
  graph: GraphBuilder,
  { storage, signal, onWeight }: SaveGraphOptions,
  store: Store,
): Promise<StoredWeights> {
  const initializers: OnnxInitializer[] = [...graph.constants.values()].map(
    ({ name, type, shape, data }) => ({ name, type, shape, bytes: { raw: toBytes(data) } }),
  );
  const casts: OnnxNode[] = [];
  const keptFloat32: string[] = [];
  for (const weight of graph.weights.values()) {
    throwIfAborted(signal);
    const { name, shape } = weight;
    const values = await weight.load();
    const half = isHalf(weight, storage);
    const halves = half ? float32ToFloat16(values) : undefined;
    if (halves) {
      const stored = `${name}.fp16`;
      initializers.push({ name: stored, type: 'float16', shape, bytes: await store(toBytes(halves)) });
      casts.push({
        type: 'Cast',
        domain: '',
        inputs: [stored],
        outputs: [name],
        attributes: { to: { int: ELEMENT_TYPES.float32 } },
      });
    } else {
      if (half) keptFloat32.push(name);
      initializers.push({ name, type: 'float32', shape, bytes: await store(toBytes(values)) });
    }
    onWeight?.(weight);
  }
  return { initializers, casts, keptFloat32 };
}

const isHalf = ({ shape, precise }: LazyWeight, storage: WeightStorage): boolean =>
  storage === 'fp16' && shape.length > 1 && !precise;

/**
 * Calls `body` with where tensors' bytes go: into a new file, or, without `path`, into the graph.
 *
 * @param location what the file will be called, beside the graph
 */
async function storing<T>(
  path: string | undefined,
  location: string,
  body: (store: Store) => Promise<T>,
): Promise<T> {
  if (path === undefined) return body(async (raw) => ({ raw }));
  const data = await open(path, 'wx');
  try {
    const appender = new Appender(data, location);
    return await body((bytes) => appender.append(bytes));
  } finally {
    await data.close();
  }
}

/** Appends tensors to an external data file, each at an aligned offset. */
class Appender {
  readonly #handle: FileHandle;
  readonly #location: string;
  #offset = 0;

  constructor(handle: FileHandle, location: string) {
    this.#handle = handle;
    this.#location = location;
  }

  async append(bytes: Uint8Array): Promise<TensorBytes> {
    const padding = (ALIGNMENT - (this.#offset % ALIGNMENT)) % ALIGNMENT;
    if (padding > 0) await this.#handle.writeFile(new Uint8Array(padding));
    const offset = this.#offset + padding;
    await this.#handle.writeFile(bytes);
    this.#offset = offset + bytes.length;
    return { location: this.#location, offset, length: bytes.length };
  }
}

const toBytes = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
