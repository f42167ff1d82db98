import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { elementCount } from '../checkpoint/safetensors-header.js';
import { beside } from '../output/leftovers.js';
import { float32ToFloat16 } from './float16.js';
import type { GraphBuilder, LazyWeight } from './graph-builder.js';
import {
  ELEMENT_TYPES,
  type ElementType,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type TensorBytes,
  writeModel,
} from './onnx-writer.js';
import { quantizeBlocks, quantizeChannels, quantizeColumns } from './quantization.js';
import { type QuantizedMatrix, quantizedProducts } from './quantized-product.js';
import { assertStorage, BLOCK, type StoredForm, storedForms, type WeightStorage } from './weight-storage.js';

export interface SaveGraphOptions {
  readonly storage: WeightStorage;
  /**
   * Weights of up to this many bytes in all lie in the graph's own file, more in `NAME.onnx_data` beside it.
   * @default 64 MiB
   */
  readonly inlineLimit?: number;
  /**
   * Bytes of a data file; what is beyond lies in `NAME.onnx_data_1` and so on. A browser has no array of a few GiB. Only a
   * weight that is larger by itself makes a larger file.
   * @default 1 GiB
   */
  readonly pieceLimit?: number;
  /** Weights that other graphs of the folder have as well: they lie in one file. @default none */
  readonly shared?: SharedWeights;
  readonly signal?: CancellationSignal;
  /** Called after every weight. */
  readonly onWeight?: (weight: LazyWeight) => void;
}

export interface SavedGraph {
  /** The graph, and the files with its weights if they lie beside it: its own, then those of graphs saved before. */
  readonly files: readonly string[];
  /** Weights that stayed float32 where fp16 was wanted, because a value is beyond half floats' range. */
  readonly keptFloat32: readonly string[];
  /** What the graph's file says, where the weights lie beside it. */
  readonly model?: OnnxModel;
}

/** Weights that several graphs of a folder have, each of which is stored once. */
export class SharedWeights {
  readonly #names: ReadonlySet<string>;
  readonly #places = new Map<string, TensorBytes>();

  /** @param graphs all graphs of the folder, which are to be saved with this */
  constructor(graphs: Iterable<GraphBuilder>) {
    const seen = new Set<string>();
    const names = new Set<string>();
    for (const { weights } of graphs) {
      for (const { name, shape } of weights.values()) {
        if (elementCount(shape) < WORTH_SHARING) continue;
        if (seen.has(name)) names.add(name);
        seen.add(name);
      }
    }
    this.#names = names;
  }

  has({ name }: LazyWeight): boolean {
    return this.#names.has(name);
  }

  /** Where the same bytes lie already, or where `store` puts them. */
  async place(bytes: Uint8Array, store: () => Promise<TensorBytes>): Promise<TensorBytes> {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const place = this.#places.get(hash) ?? (await store());
    this.#places.set(hash, place);
    return place;
  }
}

/** Elements of a weight that is worth a file beside the graph. */
const WORTH_SHARING = 1 << 14;
const INLINE_LIMIT = 64 * 1024 * 1024;
const PIECE_LIMIT = 1024 * 1024 * 1024;
/** Alignment of weights in an external file, in bytes. */
const ALIGNMENT = 64;

/**
 * Writes a graph as an ONNX model. Weights are read, converted and written one by one, so that a checkpoint of any size
 * passes through. The same graph always gives the same bytes. The files appear under their names, in place of those that
 * are there, only when complete.
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
  const { storage, inlineLimit = INLINE_LIMIT, pieceLimit = PIECE_LIMIT, shared } = options;
  assertStorage('storage', storage);
  const forms = storedForms(graph.weights.values(), graph.nodes, storage);
  let total = 0;
  for (const { name, shape } of graph.weights.values()) {
    total += elementCount(shape) * FORM_BYTES[forms.get(name)!];
  }
  const isShared = (weight: LazyWeight): boolean => shared?.has(weight) ?? false;
  const isBeside = total > inlineLimit || [...graph.weights.values()].some(isShared);
  const data = isBeside ? new DataFiles(path, pieceLimit) : undefined;
  const partial = beside(path, 'partial');
  try {
    const stored = await storeWeights(graph, forms, options, async (raw, weight) => {
      if (!data) return { raw };
      const append = () => data.append(raw);
      return shared && isShared(weight) ? shared.place(raw, append) : append();
    });
    const { name, inputs, outputs } = graph;
    const products = quantizedProducts(graph.nodes, stored.quantised);
    const initializers = [...stored.initializers, ...products.constants];
    const nodes = [...stored.widening, ...products.nodes];
    const model = { name, inputs, outputs, initializers, nodes };
    await writeFile(partial, writeModel(model));
    // The graph last: it must not name what is not there.
    const own = (await data?.finish()) ?? [];
    await rename(partial, path);
    const places = stored.initializers.flatMap(({ bytes }) => ('location' in bytes ? [bytes.location] : []));
    const files = new Set([path, ...own, ...places.map((location) => join(dirname(path), location))]);
    return { files: [...files], keptFloat32: stored.keptFloat32, ...(data ? { model } : {}) };
  } finally {
    await data?.discard();
    await rm(partial, { force: true });
  }
}

/** Bytes that a value takes, but for scales. */
const FORM_BYTES: Readonly<Record<StoredForm, number>> = {
  float32: 4,
  float16: 2,
  'int8-columns': 1,
  'int8-channels': 1,
  'int4-blocks': 0.5,
};

/** Stores bytes of a weight, and says where they are. */
type Store = (bytes: Uint8Array, weight: LazyWeight) => Promise<TensorBytes>;

/** What a graph's file says of its constants and weights. */
interface StoredWeights {
  readonly initializers: readonly OnnxInitializer[];
  /** Nodes that make float32 values of what is stored. */
  readonly widening: readonly OnnxNode[];
  readonly quantised: ReadonlyMap<string, QuantizedMatrix>;
  readonly keptFloat32: readonly string[];
}

async function storeWeights(
  graph: GraphBuilder,
  forms: ReadonlyMap<string, StoredForm>,
  { signal, onWeight }: SaveGraphOptions,
  store: Store,
): Promise<StoredWeights> {
  const initializers: OnnxInitializer[] = [...graph.constants.values()].map(
    ({ name, type, shape, data }) => ({ name, type, shape, bytes: { raw: toBytes(data) } }),
  );
  const widening: OnnxNode[] = [];
  const quantised = new Map<string, QuantizedMatrix>();
  const keptFloat32: string[] = [];
  const add = async (
    weight: LazyWeight,
    name: string,
    type: ElementType,
    shape: readonly number[],
    data: ArrayBufferView,
  ): Promise<void> => {
    initializers.push({ name, type, shape, bytes: await store(toBytes(data), weight) });
  };
  const addQuantised = async (
    weight: LazyWeight,
    form: QuantizedMatrix['form'],
    values: Float32Array,
  ): Promise<void> => {
    const { name, shape } = weight;
    const [rows = 0, columns = 0] = shape;
    quantised.set(name, { form, shape });
    if (form === 'int8-columns') {
      const { codes, scales } = quantizeColumns(values, columns);
      await add(weight, `${name}.int8`, 'int8', shape, codes);
      await add(weight, `${name}.scales`, 'float32', [columns], scales);
    } else {
      const { codes, scales } = quantizeBlocks(values, columns);
      await add(weight, `${name}.int4`, 'uint8', [columns, rows / BLOCK, BLOCK / 2], codes);
      await add(weight, `${name}.scales`, 'float32', [scales.length], scales);
    }
  };
  for (const weight of graph.weights.values()) {
    throwIfAborted(signal);
    const { name, shape } = weight;
    const form = forms.get(name)!;
    const values = await weight.load();
    const halves = form === 'float16' ? float32ToFloat16(values) : undefined;
    if (form === 'int8-columns' || form === 'int4-blocks') {
      await addQuantised(weight, form, values);
    } else if (form === 'int8-channels') {
      const [channels = 0] = shape;
      const { codes, scales } = quantizeChannels(values, channels);
      await add(weight, `${name}.int8`, 'int8', shape, codes);
      await add(weight, `${name}.scales`, 'float32', [channels], scales);
      widening.push(
        widen('DequantizeLinear', [`${name}.int8`, `${name}.scales`], name, { axis: { int: 0 } }),
      );
    } else if (halves) {
      await add(weight, `${name}.fp16`, 'float16', shape, halves);
      widening.push(widen('Cast', [`${name}.fp16`], name, { to: { int: ELEMENT_TYPES.float32 } }));
    } else {
      if (form === 'float16') keptFloat32.push(name);
      await add(weight, name, 'float32', shape, values);
    }
    onWeight?.(weight);
  }
  return { initializers, widening, quantised, keptFloat32 };
}

const widen = (
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode['attributes'],
): OnnxNode => ({ type, domain: '', inputs, outputs: [output], attributes });

/** The files of weights beside a graph: tensors one after another, each at an aligned offset. */
class DataFiles {
  readonly #path: string;
  readonly #limit: number;
  readonly #pieces: { readonly name: string; readonly partial: string }[] = [];
  #handle: FileHandle | undefined;
  #offset = 0;

  constructor(graph: string, limit: number) {
    this.#path = `${graph}_data`;
    this.#limit = limit;
  }

  async append(bytes: Uint8Array): Promise<TensorBytes> {
    const padding = (ALIGNMENT - (this.#offset % ALIGNMENT)) % ALIGNMENT;
    if (!this.#handle || (this.#offset > 0 && this.#offset + padding + bytes.length > this.#limit)) {
      await this.#next();
    } else if (padding > 0) {
      await this.#handle.writeFile(new Uint8Array(padding));
      this.#offset += padding;
    }
    const offset = this.#offset;
    await this.#handle!.writeFile(bytes);
    this.#offset += bytes.length;
    return { location: basename(this.#pieces.at(-1)!.name), offset, length: bytes.length };
  }

  /** Gives the files their names. @returns their paths */
  async finish(): Promise<string[]> {
    await this.#close();
    for (const { partial, name } of this.#pieces) await rename(partial, name);
    return this.#pieces.map(({ name }) => name);
  }

  async discard(): Promise<void> {
    await this.#close();
    for (const { partial } of this.#pieces) await rm(partial, { force: true });
  }

  async #next(): Promise<void> {
    await this.#close();
    const index = this.#pieces.length;
    const name = index === 0 ? this.#path : `${this.#path}_${index}`;
    const partial = beside(name, 'partial');
    this.#pieces.push({ name, partial });
    this.#handle = await open(partial, 'wx');
    this.#offset = 0;
  }

  async #close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

const toBytes = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
