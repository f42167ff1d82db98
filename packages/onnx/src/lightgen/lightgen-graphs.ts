import type { GridShape } from '@tessera/core';
import {
  assertShape,
  type CancellationSignal,
  type ConditionImage,
  gridLength,
  type TextInput,
  throwIfAborted,
} from '@tessera/core/model';
import type { Manifest, TextCondition } from '@tessera/format';
import type { Tensor } from 'onnxruntime-common';
import { countsKey, tokenBatch } from '../condition-batch.js';
import { assertFinite } from '../finite.js';
import type { GraphRunner } from '../graph-runner.js';
import { ModelGraphs } from '../model-graphs.js';
import { OrtTensor } from '../ort-tensor.js';
import { type TextModelOptions, TextValues, textsOf } from '../text/text-values.js';

/** Tables of positions of one grid, [L, D] each. */
export type PositionTables = Readonly<Record<'encoder' | 'decoder' | 'last', Tensor>>;

/** What a prompt makes of the text side: keys and values of each block of the cross-attention stage. */
export interface Memory {
  /** T. */
  readonly rows: number;
  /** [2·depth, T, D]. */
  readonly values: Float32Array;
}

/**
 * The graphs of a LightGen model (arXiv 2503.08619), which takes text, and draws grids of any size.
 *
 * Encoder and decoder don't see the text: both halves of guidance share their run, and with no token known there is nothing
 * to encode. What depends on the prompt alone is computed once for each prompt, tables of positions once for each grid.
 */
export class LightgenGraphs extends ModelGraphs<TextInput> {
  readonly #rowsAtOnce: number;
  readonly #memories: TextValues<Memory>;
  readonly #tables = new Map<string, Promise<PositionTables>>();
  /** That of the last batch of texts: a run asks for the same ones step by step. */
  #lastMemory: { readonly parts: readonly Memory[]; readonly tensor: Tensor } | undefined;

  constructor(manifest: Manifest, runner: GraphRunner, options: TextModelOptions = {}) {
    super(manifest, runner);
    const { rowsAtOnce = Number.POSITIVE_INFINITY, textEncoder } = options;
    this.#rowsAtOnce = rowsAtOnce;
    this.#memories = new TextValues(manifest, textEncoder, (features) => this.memoryOf(features));
  }

  override unknownWords(prompt: string): Promise<readonly string[]> {
    return this.#memories.unknownWords(prompt);
  }

  override async release(): Promise<void> {
    await super.release();
    await this.#memories.dispose();
  }

  override draws({ height, width, channels }: GridShape): boolean {
    const isSide = (side: number): boolean => Number.isInteger(side) && side > 0;
    return isSide(height) && isSide(width) && channels === this.manifest.grid.channels;
  }

  batchKey(image: ConditionImage<TextInput>): string {
    const { height, width } = image.grid.shape;
    return `${countsKey(image)} ${height}x${width} ${this.#memories.rowsOf(image)}`;
  }

  async conditionImages(
    images: readonly ConditionImage<TextInput>[],
    signal: CancellationSignal | undefined,
  ): Promise<OrtTensor> {
    for (const { grid } of images) this.assertGrid(grid);
    const texts = textsOf(images);
    const memories = await this.#memories.of(texts, signal);
    throwIfAborted(signal);
    const tables = await this.tables(images[0]!.grid.shape);
    const targetCount = images[0]!.positions.length;
    const { decoder } = this.manifest.widths;
    const dims = [targetCount, decoder];
    const queries = await this.inParts(
      'tokenDecoder',
      { count: images.length, atOnce: this.#rowsAtOnce },
      dims,
      (first, end) => this.#queries(images.slice(first, end), tables, signal),
    );
    const guided = images.flatMap((image, i) => (image.guided ? [i] : []));
    const owners = [...images.keys(), ...guided];
    try {
      return await this.inParts(
        'cross',
        { count: texts.length, atOnce: this.#rowsAtOnce },
        dims,
        (first, end) => this.cross(queries, owners.slice(first, end), memories.slice(first, end)),
      );
    } finally {
      queries.release();
    }
  }

  async #queries(
    images: readonly ConditionImage<TextInput>[],
    tables: PositionTables,
    signal: CancellationSignal | undefined,
  ): Promise<OrtTensor> {
    const { tokens, positions, targetCount } = tokenBatch(images);
    const batch = images.length;
    const encoded = await this.encodeTokens(tokens, positions, batch, tables);
    try {
      throwIfAborted(signal);
      return await this.decodeTokens(encoded, positions, targetCount, tables, 'queries');
    } finally {
      encoded.release();
    }
  }

  /**
   * The encoder's rows, [B, V, D], in the order of `positions`.
   *
   * @param tokens [B, V, C]
   * @param positions [B, L], V known ones first
   */
  async encodeTokens(
    tokens: Float32Array,
    positions: Int32Array,
    batch: number,
    { encoder: table }: PositionTables,
  ): Promise<OrtTensor> {
    const { grid, widths } = this.manifest;
    const visible = tokens.length / (batch * grid.channels);
    if (visible === 0) {
      return new OrtTensor('tokenEncoder', this.runner.float(new Float32Array(), [batch, 0, widths.encoder]));
    }
    const length = positions.length / batch;
    const seen = new Int32Array(batch * visible);
    for (let row = 0; row < batch; row++) {
      seen.set(positions.subarray(row * length, row * length + visible), row * visible);
    }
    const feeds = {
      tokens: this.runner.float(tokens, [batch, visible, grid.channels]),
      positions: this.runner.int(seen, [batch, visible]),
      table,
    };
    const { encoded } = await this.runner.run('tokenEncoder', feeds, ['encoded']);
    return new OrtTensor('tokenEncoder', encoded!);
  }

  /**
   * The decoder's rows at the targets, [B, T, D]: `decoded`, after its norm, or `queries`, with which the cross-attention
   * stage begins.
   */
  async decodeTokens(
    encoded: OrtTensor,
    positions: Int32Array,
    targetCount: number,
    { decoder, last }: PositionTables,
    output: 'decoded' | 'queries',
  ): Promise<OrtTensor> {
    const batch = encoded.tensor.dims[0]!;
    const feeds = {
      encoded: encoded.tensor,
      positions: this.runner.int(positions, [batch, positions.length / batch]),
      target_count: this.runner.int(Int32Array.of(targetCount), [1]),
      decoder,
      last,
    };
    const outputs = await this.runner.run('tokenDecoder', feeds, [output]);
    return new OrtTensor('tokenDecoder', outputs[output]!);
  }

  /**
   * z of rows [R], [R, T, D].
   *
   * @param queries [B, T, D]
   * @param owners [R], which of the B images a row is of
   * @param memories [R], what a row reads; undefined for the null text
   */
  async cross(
    queries: OrtTensor,
    owners: readonly number[],
    memories: readonly (Memory | undefined)[],
  ): Promise<OrtTensor> {
    const rows = [...owners.keys()];
    // Those that read a text come first in the graph.
    const sorted = [...rows.filter((row) => memories[row]), ...rows.filter((row) => !memories[row])];
    const order = new Int32Array(rows.length);
    for (const [place, row] of sorted.entries()) order[row] = place;
    const feeds = {
      queries: queries.tensor,
      images: this.runner.int(
        Int32Array.from(sorted, (row) => owners[row]!),
        [rows.length],
      ),
      memory: this.#memoryTensor(sorted.flatMap((row) => memories[row] ?? [])),
      order: this.runner.int(order, [rows.length]),
    };
    const { z } = await this.runner.run('cross', feeds, ['z']);
    const held = new OrtTensor('cross', z!);
    if (!held.onGpu) await held.read();
    return held;
  }

  /**
   * The text side.
   *
   * @param features [T, Ct]
   * @returns `projected` and `aligned` [T, D], `memory` [2·depth, T, D]
   */
  async readText<Name extends 'projected' | 'aligned' | 'memory'>(
    features: Float32Array,
    outputs: readonly Name[],
  ): Promise<Readonly<Record<Name, Tensor>>> {
    const { width } = this.manifest.condition as TextCondition;
    const feeds = { features: this.runner.float(features, [1, features.length / width, width]) };
    return (await this.runner.run('text', feeds, outputs)) as Record<Name, Tensor>;
  }

  /** Keys and values of a text, from its features [T, Ct]. */
  async memoryOf(features: Float32Array): Promise<Memory> {
    const { memory } = await this.readText(features, ['memory']);
    return { values: assertFinite('text', memory.data as Float32Array), rows: memory.dims[2]! };
  }

  /** The tables of positions of a grid. */
  tables({ height, width }: Pick<GridShape, 'height' | 'width'>): Promise<PositionTables> {
    const key = `${height}x${width}`;
    const known = this.#tables.get(key) ?? this.#makeTables(height, width);
    this.#tables.set(key, known);
    // What failed can be tried again.
    known.catch(() => this.#tables.delete(key));
    return known;
  }

  /**
   * As the published code has it: the first axis of the tables is scaled to the grid's width and the second to its height, and
   * what comes of it is laid out row by row all the same.
   */
  async #makeTables(height: number, width: number): Promise<PositionTables> {
    const { positionSide: side, positionOffset: offset } = this.manifest.lightgen!;
    const isOwn = height === side && width === side;
    const scale = (extent: number): number => (isOwn ? 1 : (extent + offset) / side);
    const scales = this.runner.float(Float32Array.of(scale(width), scale(height)), [2]);
    const tables = await this.runner.run('positions', { scales }, ['encoder', 'decoder', 'last']);
    assertShape('positions [L, D]', tables.encoder!.data as Float32Array, [
      gridLength({ height, width }),
      this.manifest.widths.encoder,
    ]);
    return tables as unknown as PositionTables;
  }

  #memoryTensor(parts: readonly Memory[]): Tensor {
    const last = this.#lastMemory;
    if (last && last.parts.length === parts.length && parts.every((part, i) => part === last.parts[i])) {
      return last.tensor;
    }
    const rows = parts[0]?.rows ?? 1;
    const dims = [2 * this.manifest.lightgen!.crossDepth, rows, this.manifest.widths.decoder] as const;
    const size = dims[0] * dims[1] * dims[2];
    const all = new Float32Array(parts.length * size);
    for (const [i, { values }] of parts.entries()) all.set(values, i * size);
    const tensor = this.runner.float(all, [parts.length, ...dims]);
    this.#lastMemory = { parts, tensor };
    return tensor;
  }
}
