import type { ClassInput, ConditionImage } from '@tessera/core/model';
import type { Classes, Manifest } from '@tessera/format';
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import { CachedTransformer } from './cached-transformer.js';
import { type ConditionBatch, conditionBatch, countsKey } from './condition-batch.js';
import { assertFinite } from './finite.js';
import { GraphRunner, type GraphSessions } from './graph-runner.js';
import { ModelGraphs } from './model-graphs.js';
import { OrtTensor } from './ort-tensor.js';

/** The graphs of a MAR model, which takes classes. */
export class MarGraphs extends ModelGraphs<ClassInput> {
  readonly #rowsAtOnce: number;
  override readonly cached: CachedTransformer;

  /**
   * @param Tensor the Tensor class of the runtime that made the sessions
   * @param rowsAtOnce the most rows of a batch that the transformer takes at once, which bounds its memory. More than that
   *   are taken in turn, so their z must be in memory. @default all
   */
  constructor(
    manifest: Manifest,
    sessions: GraphSessions,
    Tensor: TensorConstructor,
    rowsAtOnce = Number.POSITIVE_INFINITY,
  ) {
    super(manifest, new GraphRunner(sessions, Tensor));
    this.#rowsAtOnce = rowsAtOnce;
    this.cached = new CachedTransformer(manifest, this.runner, rowsAtOnce);
  }

  batchKey(image: ConditionImage<ClassInput>): string {
    return countsKey(image);
  }

  conditionImages(images: readonly ConditionImage<ClassInput>[]): Promise<OrtTensor> {
    for (const { grid } of images) this.assertGrid(grid);
    return this.condition(conditionBatch(this.manifest.condition as Classes, images));
  }

  /** z at the targets, [B, T, D]. @throws NonFiniteError if it is in memory and some of it is not a number */
  condition(batch: ConditionBatch): Promise<OrtTensor> {
    const parts = { count: batch.labels.length, atOnce: this.#rowsAtOnce };
    const dims = [batch.targetCount, this.manifest.widths.decoder];
    return this.inParts('transformer', parts, dims, (first, end) =>
      this.#condition(rowsOf(batch, first, end)),
    );
  }

  async #condition(batch: ConditionBatch): Promise<OrtTensor> {
    const { z } = await this.runner.run('transformer', this.#conditionFeeds(batch), ['z']);
    const held = new OrtTensor('transformer', z!);
    // On a GPU, what follows from it is checked.
    if (!held.onGpu) await held.read();
    return held;
  }

  /** The encoder's rows, [B, buffer + V, E]: buffer first, then the known tokens in the order of `positions`. */
  async encodeTokens(batch: ConditionBatch): Promise<Float32Array> {
    const { encoded } = await this.runner.run('transformer', this.#conditionFeeds(batch), ['encoded']);
    return assertFinite('transformer', encoded!.data as Float32Array);
  }

  #conditionFeeds({ tokens, positions, labels, targetCount }: ConditionBatch): Record<string, Tensor> {
    const { grid } = this.manifest;
    const batch = labels.length;
    const length = grid.height * grid.width;
    const visible = tokens.length / (batch * grid.channels);
    return {
      tokens: this.runner.float(tokens, [batch, visible, grid.channels]),
      positions: this.runner.int(positions, [batch, length]),
      labels: this.runner.int(labels, [batch]),
      target_count: this.runner.int(Int32Array.of(targetCount), [1]),
    };
  }
}

/** Rows of a batch. */
function rowsOf(batch: ConditionBatch, first: number, end: number): ConditionBatch {
  const { tokens, positions, labels, targetCount } = batch;
  const part = <T extends Float32Array | Int32Array>(all: T): T => {
    const width = all.length / labels.length;
    return all.subarray(first * width, end * width) as T;
  };
  return { tokens: part(tokens), positions: part(positions), labels: part(labels), targetCount };
}
