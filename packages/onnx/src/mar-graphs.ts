import { assertShape } from '@tessera/core/model';
import type { ComponentName, Manifest } from '@tessera/format';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import { assertFinite } from './finite.js';
import { OrtTensor } from './ort-tensor.js';
import type { RunStatistics } from './run-statistics.js';

/** The part of an onnxruntime session that is used. */
export interface GraphSession {
  run(
    feeds: InferenceSession.FeedsType,
    outputs: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType>;
  release(): Promise<void>;
}

/** One session a graph; `decoder` and `encoder` may be missing. */
export type GraphSessions = { readonly [name in ComponentName]?: GraphSession };

/** Rows [B] of the transformer: conditional and unconditional ones are alike. */
export interface ConditionBatch {
  /** [B, V, C], the known tokens. */
  readonly tokens: Float32Array;
  /** [B, L], a permutation: V known positions, then other masked ones, then the `targetCount` targets. */
  readonly positions: Int32Array;
  /** [B], class indices; the class count stands for no class. */
  readonly labels: Int32Array;
  /** T ≥ 1. */
  readonly targetCount: number;
}

/** Rows [R] of `condition-cached`; its docstring says what each of them is. N = buffer + L. */
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

/** What the denoiser gives for later diffusion steps to take. */
export interface KeptDenoising {
  /** [R, 2C]. */
  readonly out: Float32Array;
  /** [b, n, W], the MLP outputs of the outer blocks. */
  readonly mlp: OrtTensor;
  /** [n, W], the update of the inner blocks together. */
  readonly delta: OrtTensor;
}

/** What the transformer with caches gives. */
export interface CachedConditions {
  /** [2R, T, D], conditional rows, then unconditional ones by the batch's residual. */
  readonly z: OrtTensor;
  /** [R, T, D], before the last norm. */
  readonly features: OrtTensor;
  readonly caches: Caches;
}

/**
 * The graphs of one model as typed functions on plain arrays. Stateless but for statistics and tensors kept for reuse;
 * the caller sees to it that no two runs of a graph overlap.
 */
export class MarGraphs {
  readonly manifest: Manifest;
  readonly #sessions: GraphSessions;
  readonly #Tensor: TensorConstructor;
  /** The most rows of a batch that the transformer takes at once. */
  readonly rowsAtOnce: number;
  #lastTensor: Tensor | undefined;
  readonly #stepTensors: Tensor[] = [];
  readonly #statistics = new Map<ComponentName, { runs: number; milliseconds: number }>();

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
    this.manifest = manifest;
    this.#sessions = sessions;
    this.#Tensor = Tensor;
    this.rowsAtOnce = rowsAtOnce;
  }

  get statistics(): RunStatistics {
    return Object.fromEntries([...this.#statistics].map(([name, entry]) => [name, { ...entry }]));
  }

  has(name: ComponentName): boolean {
    return this.#sessions[name] !== undefined;
  }

  /** z at the targets, [B, T, D]. @throws NonFiniteError if it is in memory and some of it is not a number */
  async condition(batch: ConditionBatch): Promise<OrtTensor> {
    if (batch.labels.length <= this.rowsAtOnce) return this.#condition(batch);
    const { decoder } = this.manifest.widths;
    const rows = batch.labels.length;
    const z = new Float32Array(rows * batch.targetCount * decoder);
    for (let first = 0; first < rows; first += this.rowsAtOnce) {
      const part = await this.#condition(rowsOf(batch, first, Math.min(rows, first + this.rowsAtOnce)));
      z.set(await part.read(), first * batch.targetCount * decoder);
    }
    return new OrtTensor('condition', this.#float(z, [rows, batch.targetCount, decoder]));
  }

  async #condition(batch: ConditionBatch): Promise<OrtTensor> {
    const { z } = await this.#run('condition', this.#conditionFeeds(batch), ['z']);
    const held = new OrtTensor('condition', z!);
    // On a GPU, what follows from it is checked.
    if (!held.onGpu) await held.read();
    return held;
  }

  /**
   * The transformer with caches.
   *
   * @param caches those of the step before; undefined for none
   */
  async conditionCached(batch: CachedBatch, caches?: Caches): Promise<CachedConditions> {
    const { names, outputs } = await this.#runCached(batch, caches, ['z', 'features']);
    const next = Object.fromEntries(names.map((name) => [name, outputs[`${name}.next`]!]));
    const held = (name: string): OrtTensor => new OrtTensor('condition-cached', outputs[name]!);
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
    const { grid, widths, caches: sizes } = this.manifest;
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
      if (name.startsWith('encoder')) return this.#float(new Float32Array(), [rows, 0, widths.encoder]);
      if (name === 'known') return this.#float(new Float32Array(), [rows, 0, widths.decoder]);
      return zeros;
    };
    const count = buffer + grid.height * grid.width;
    const zeros = this.#float(new Float32Array(caches ? 0 : rows * count * widths.decoder), [
      rows,
      caches ? 0 : count,
      widths.decoder,
    ]);
    const int = (data: Int32Array): Tensor => this.#int(data, [rows, data.length / rows]);
    const feeds = {
      ...Object.fromEntries(names.map((name) => [name, caches?.[name] ?? empty(name)])),
      tokens: this.#float(batch.tokens, [rows, batch.previous.length / rows, grid.channels]),
      previous: int(batch.previous),
      labels: this.#int(batch.labels, [rows]),
      targets: int(batch.targets),
      places: int(batch.places),
      forced: int(batch.forced),
      others: int(batch.others),
      kept: this.#int(Int32Array.of(batch.kept), [1]),
      residual: this.#float(batch.residual, [rows, batch.targets.length / rows, widths.decoder]),
    };
    const outputs = await this.#run('condition-cached', feeds, [
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
      taken[name] = this.#float(some, [rows.length, ...dims]);
    }
    return taken;
  }

  /** Rows that are in memory, [R, D], as z of one image. */
  conditionRows(rows: Float32Array): OrtTensor {
    const { decoder } = this.manifest.widths;
    return new OrtTensor('condition', this.#float(rows, [1, rows.length / decoder, decoder]));
  }

  /** The encoder's rows, [B, buffer + V, E]: buffer first, then the known tokens in the order of `positions`. */
  async encodeTokens(batch: ConditionBatch): Promise<Float32Array> {
    const { encoded } = await this.#run('condition', this.#conditionFeeds(batch), ['encoded']);
    return assertFinite('condition', encoded!.data as Float32Array);
  }

  /**
   * The time MLP.
   *
   * @param timesteps [S], original timesteps 0 … 999
   * @returns `timeEmbed` [S, W], its output; `sinusoid` [S, 256], its input
   */
  async embed(timesteps: Float32Array): Promise<{ timeEmbed: Float32Array; sinusoid: Float32Array }> {
    const outputs = await this.#run('embed', { timesteps: this.#float(timesteps, [timesteps.length]) }, [
      'time_embed',
      'sinusoid',
    ]);
    return {
      timeEmbed: outputs.time_embed!.data as Float32Array,
      sinusoid: outputs.sinusoid!.data as Float32Array,
    };
  }

  /**
   * Conditions as the head takes them.
   *
   * @param z [B, T, D]
   * @param rows [R], which of the B·T rows
   * @returns [R, W]
   */
  async project(z: OrtTensor, rows: Int32Array): Promise<OrtTensor> {
    const feeds = { z: z.tensor, rows: this.#int(rows, [rows.length]) };
    const { z_embed } = await this.#run('project', feeds, ['z_embed']);
    return new OrtTensor('project', z_embed!);
  }

  /**
   * Every adaLN layer's output for S diffusion steps × R rows.
   *
   * @param timeEmbed [S, W]
   * @param zEmbed [R, W]
   * @param graph `modulate-cached` has the gates of the outer blocks and the final layer alone
   * @returns [S, R, M]
   */
  async modulate(
    timeEmbed: Float32Array,
    zEmbed: OrtTensor,
    graph: 'modulate' | 'modulate-cached' = 'modulate',
  ): Promise<OrtTensor> {
    const { head } = this.manifest.widths;
    const steps = timeEmbed.length / head;
    const feeds = { time_embed: this.#float(timeEmbed, [steps, head]), z_embed: zEmbed.tensor };
    const { modulation } = await this.#run(graph, feeds, ['modulation']);
    return new OrtTensor(graph, modulation!);
  }

  /**
   * The denoiser: x [n, C] → [R, 2C], a row [ε | v]; row r takes x[r mod n].
   *
   * @param modulation [S, R, M]
   * @param step which of the modulation's S diffusion steps
   */
  async denoise(x: Float32Array, modulation: OrtTensor, step: number): Promise<Float32Array> {
    const { out } = await this.#run('denoise', this.#denoiseFeeds(x, modulation, step), ['out']);
    return out!.data as Float32Array;
  }

  /** The same, and what later diffusion steps take of its n first rows. */
  async denoiseKeeping(x: Float32Array, modulation: OrtTensor, step: number): Promise<KeptDenoising> {
    const feeds = this.#denoiseFeeds(x, modulation, step);
    const { out, mlp, delta } = await this.#run('denoise', feeds, ['out', 'mlp', 'delta']);
    return {
      out: out!.data as Float32Array,
      mlp: new OrtTensor('denoise', mlp!),
      delta: new OrtTensor('denoise', delta!),
    };
  }

  /** The denoiser's outer blocks on n rows, with the inner ones' `delta` of an earlier step. */
  async denoiseOuter(
    x: Float32Array,
    modulation: OrtTensor,
    step: number,
    delta: OrtTensor,
  ): Promise<Omit<KeptDenoising, 'delta'>> {
    const feeds = { ...this.#denoiseFeeds(x, modulation, step), delta: delta.tensor };
    const { out, mlp } = await this.#run('denoise-outer', feeds, ['out', 'mlp']);
    return { out: out!.data as Float32Array, mlp: new OrtTensor('denoise-outer', mlp!) };
  }

  /** The denoiser on n rows with all blocks' results of earlier steps; the modulation is that of `modulate-cached`. */
  async denoiseCached(
    x: Float32Array,
    modulation: OrtTensor,
    step: number,
    { mlp, delta }: Omit<KeptDenoising, 'out'>,
  ): Promise<Float32Array> {
    const feeds = { ...this.#denoiseFeeds(x, modulation, step), mlp: mlp.tensor, delta: delta.tensor };
    const { out } = await this.#run('denoise-cached', feeds, ['out']);
    return out!.data as Float32Array;
  }

  #denoiseFeeds(x: Float32Array, modulation: OrtTensor, step: number): Record<string, Tensor> {
    const { channels } = this.manifest.grid;
    return {
      x: this.#reused(x, [x.length / channels, channels]),
      modulation: modulation.tensor,
      step: this.#stepTensor(step),
    };
  }

  /**
   * The autoencoder's decoder.
   *
   * @param latents [B, Cv, h, w], already divided by the latent scale
   * @returns [B, 3, H, W] in about [−1, 1]
   */
  async decode(
    latents: Float32Array,
    dims: readonly [number, number, number, number],
  ): Promise<Float32Array> {
    const { image } = await this.#run('decoder', { latents: this.#float(latents, dims) }, ['image']);
    return assertFinite('decoder', image!.data as Float32Array);
  }

  /**
   * The autoencoder's encoder.
   *
   * @param image [B, 3, H, W] in [−1, 1]
   * @returns [B, 2Cv, h, w], mean and log variance, the latter not clamped
   */
  async encode(image: Float32Array, dims: readonly [number, number, number, number]): Promise<Float32Array> {
    const { moments } = await this.#run('encoder', { image: this.#float(image, dims) }, ['moments']);
    return assertFinite('encoder', moments!.data as Float32Array);
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    await Promise.all(Object.values(this.#sessions).map((session) => session?.release()));
  }

  #conditionFeeds({ tokens, positions, labels, targetCount }: ConditionBatch): Record<string, Tensor> {
    const { grid } = this.manifest;
    const batch = labels.length;
    const length = grid.height * grid.width;
    const visible = tokens.length / (batch * grid.channels);
    return {
      tokens: this.#float(tokens, [batch, visible, grid.channels]),
      positions: this.#int(positions, [batch, length]),
      labels: this.#int(labels, [batch]),
      target_count: this.#int(Int32Array.of(targetCount), [1]),
    };
  }

  async #run(
    name: ComponentName,
    feeds: Record<string, Tensor>,
    outputs: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    const began = performance.now();
    const result = await this.#sessions[name]!.run(feeds, outputs);
    const entry = this.#statistics.get(name) ?? { runs: 0, milliseconds: 0 };
    entry.runs++;
    entry.milliseconds += performance.now() - began;
    this.#statistics.set(name, entry);
    return result;
  }

  /** The tensor on `data` itself: a diffusion chain changes its x in place and feeds it thousands of times. */
  #reused(data: Float32Array, dims: readonly number[]): Tensor {
    if (this.#lastTensor?.data !== data) this.#lastTensor = this.#float(data, dims);
    return this.#lastTensor;
  }

  #stepTensor(step: number): Tensor {
    this.#stepTensors[step] ??= this.#int(Int32Array.of(step), [1]);
    return this.#stepTensors[step];
  }

  #float(data: Float32Array, dims: readonly number[]): Tensor {
    assertShape('graph input', data, dims);
    return new this.#Tensor('float32', data, dims);
  }

  #int(data: Int32Array, dims: readonly number[]): Tensor {
    assertShape('graph input', data, dims);
    return new this.#Tensor('int32', data, dims);
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
