import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type CancellationSignal, throwIfAborted } from '@tessera/core';
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
 * passes through.
 *
 * Weights stored in fp16 get a Cast to float32 each, which ONNX Runtime computes once, at load. Vectors (biases,
 * normalisation) always stay float32: they are a thousandth of the size.
 *
 * @param path ends in `.onnx`
 */
export async function saveGraph(
  graph: GraphBuilder,
  path: string,
  options: SaveGraphOptions,
): Promise<SavedGraph> {
  const { storage, inlineLimit = INLINE_LIMIT, signal, onWeight } = options;
  const half = (weight: LazyWeight): boolean =>
    storage === 'fp16' && weight.shape.length > 1 && !weight.precise;
  let total = 0;
  for (const weight of graph.weights.values()) total += elements(weight.shape) * (half(weight) ? 2 : 4);

  const dataPath = `${path}_data`;
  const data = total > inlineLimit ? await open(dataPath, 'w') : undefined;
  const initializers: OnnxInitializer[] = [...graph.constants.values()].map(
    ({ name, type, shape, data }) => ({
      name,
      type,
      shape,
      bytes: { raw: toBytes(data) },
    }),
  );
  const casts: OnnxNode[] = [];
  const keptFloat32: string[] = [];
  try {
    const appender = data && new Appender(data, basename(dataPath));
    const store = async (bytes: Uint8Array): Promise<TensorBytes> =>
      appender ? await appender.append(bytes) : { raw: bytes };
    for (const weight of graph.weights.values()) {
      throwIfAborted(signal);
      const { name, shape } = weight;
      const values = await weight.load();
      const halves = half(weight) ? float32ToFloat16(values) : undefined;
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
        if (half(weight)) keptFloat32.push(name);
        initializers.push({ name, type: 'float32', shape, bytes: await store(toBytes(values)) });
      }
      onWeight?.(weight);
    }
  } finally {
    await data?.close();
  }
  const { name, inputs, outputs, nodes } = graph;
  await writeFile(path, writeModel({ name, inputs, outputs, initializers, nodes: [...casts, ...nodes] }));
  return { files: data ? [path, dataPath] : [path], keptFloat32 };
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

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

const toBytes = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
