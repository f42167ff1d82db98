import type { Manifest } from '@tessera/format';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { GraphRunner } from './graph-runner.js';
import { OrtTensor } from './ort-tensor.js';

/** Rows [R] of `transformer-cached`; its docstring says what each of them is. N = buffer + L. */
export interface CachedBatch {
  /** [R, P, C]. */
  readonly tokens: Float32Array;
  /** [R, P]. */
  readonly previous: Int32Array;
  /** [R]. */
  readonly labels: Int32Array;
  /** [R, T]. */
  readonly targets: Int32Array;
  /** [R, N]. */
  readonly places: Int32Array;
  /** [R, F], decoder rows. */
  readonly forced: Int32Array;
  /** [R, O], decoder rows. */
  readonly others: Int32Array;
  /** How many of the others are kept. */
  readonly kept: number;
  /** [R, T, D]. */
  readonly residual: Float32Array;
}

/** Keys, values and rows of earlier steps, by the names of the graph's inputs; [R, …], R the batch's rows. */
export type Caches = Readonly<Record<string, Tensor>>;

/** What the transformer with caches gives. */
export interface CachedConditions {
  /** [2R, T, D], conditional rows, then unconditional ones by the batch's residual. */
  readonly z: OrtTensor;
  /** [R, T, D], before the last norm. */
  readonly features: OrtTensor;
  readonly caches: Caches;
}

/** The graph `transformer-cached` of a model as functions on plain arrays. */
export class CachedTransformer {
  /** The most rows of a batch that it takes at once. */
  readonly rowsAtOnce: number;
  readonly #manifest: Manifest;
  readonly #runner: GraphRunner;

  constructor(manifest: Manifest, runner: GraphRunner, rowsAtOnce: number) {
    this.#manifest = manifest;
    this.#runner = runner;
    this.rowsAtOnce = rowsAtOnce;
  }

  /**
   * The transformer with caches.
   *
   * @param caches those of the step before; undefined for none
   */
  async condition(batch: CachedBatch, caches?: Caches): Promise<CachedConditions> {
    const { names, outputs } = await this.#runCached(batch, caches, ['z', 'features']);
    const next = Object.fromEntries(names.map((name) => [name, outputs[`${name}.next`]!]));
    const held = (name: string): OrtTensor => new OrtTensor('transformer-cached', outputs[name]!);
    return { z: held('z'), features: held('features'), caches: next };
  }

  /** How the transformer with caches chooses the decoder's rows: scores [R, N], and the rows kept, [R, n]. */
  async keptRows(batch: CachedBatch, caches?: Caches): Promise<{ scores: Float32Array; rows: Int32Array }> {
    const { outputs } = await this.#runCached(batch, caches, ['scores', 'rows']);
    return { scores: outputs.scores!.data as Float32Array, rows: outputs.rows!.data as Int32Array };
  }

  async #runCached(
    batch: CachedBatch,
    caches: Caches | undefined,
    wanted: readonly string[],
  ): Promise<{ names: readonly string[]; outputs: InferenceSession.OnnxValueMapType }> {
    const { grid, widths, caches: sizes } = this.#manifest;
    const { buffer, encoderBlocks, decoderBlocks, cutBlock } = sizes!;
    const rows = batch.labels.length;
    const parts = ['key', 'value'];
    const ofEncoder = Array.from({ length: encoderBlocks }, (_, block) =>
      parts.map((part) => `encoder.${block}.${part}`),
    ).flat();
    const ofDecoder = Array.from({ length: decoderBlocks - cutBlock - 1 }, (_, k) =>
      parts.map((part) => `decoder.${cutBlock + 1 + k}.${part}`),
    ).flat();
    const names = [...ofEncoder, 'known', `decoder.${cutBlock}.value`, ...ofDecoder];
    const empty = (name: string): Tensor => {
      if (name.startsWith('encoder'))
        return this.#runner.float(new Float32Array(), [rows, 0, widths.encoder]);
      if (name === 'known') return this.#runner.float(new Float32Array(), [rows, 0, widths.decoder]);
      return zeros;
    };
    const count = buffer + grid.height * grid.width;
    const zeros = this.#runner.float(new Float32Array(caches ? 0 : rows * count * widths.decoder), [
      rows,
      caches ? 0 : count,
      widths.decoder,
    ]);
    const int = (data: Int32Array): Tensor => this.#runner.int(data, [rows, data.length / rows]);
    const feeds = {
      ...Object.fromEntries(names.map((name) => [name, caches?.[name] ?? empty(name)])),
      tokens: this.#runner.float(batch.tokens, [rows, batch.previous.length / rows, grid.channels]),
      previous: int(batch.previous),
      labels: this.#runner.int(batch.labels, [rows]),
      targets: int(batch.targets),
      places: int(batch.places),
      forced: int(batch.forced),
      others: int(batch.others),
      kept: this.#runner.int(Int32Array.of(batch.kept), [1]),
      residual: this.#runner.float(batch.residual, [rows, batch.targets.length / rows, widths.decoder]),
    };
    const outputs = await this.#runner.run('transformer-cached', feeds, [
      ...wanted,
      ...(wanted.includes('z') ? names.map((name) => `${name}.next`) : []),
    ]);
    return { names, outputs };
  }

  /** Caches [R, …] of some of their rows, which they are read for: but for rare batches, it is all of them. */
  async cacheRows(caches: Caches, rows: readonly number[]): Promise<Caches> {
    const taken: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(caches)) {
      const [count = 0, ...dims] = tensor.dims;
      if (rows.length === count && rows.every((row, i) => row === i)) return caches;
      const all = (await tensor.getData()) as Float32Array;
      const size = all.length / count;
      const some = new Float32Array(rows.length * size);
      for (const [i, row] of rows.entries()) some.set(all.subarray(row * size, (row + 1) * size), i * size);
      taken[name] = this.#runner.float(some, [rows.length, ...dims]);
    }
    return taken;
  }
}
