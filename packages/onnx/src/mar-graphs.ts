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

/**
 * The graphs of one model as typed functions on plain arrays. Stateless but for statistics and tensors kept for reuse;
 * the caller sees to it that no two runs of a graph overlap.
 */
export class MarGraphs {
  readonly manifest: Manifest;
  readonly #sessions: GraphSessions;
  readonly #Tensor: TensorConstructor;
  readonly #rowsAtOnce: number;
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
    this.#rowsAtOnce = rowsAtOnce;
  }

  get statistics(): RunStatistics {
    return Object.fromEntries([...this.#statistics].map(([name, entry]) => [name, { ...entry }]));
  }

  has(name: ComponentName): boolean {
    return this.#sessions[name] !== undefined;
  }

  /** z at the targets, [B, T, D]. @throws NonFiniteError if it is in memory and some of it is not a number */
  async condition(batch: ConditionBatch): Promise<OrtTensor> {
    if (batch.labels.length <= this.#rowsAtOnce) return this.#condition(batch);
    const { decoder } = this.manifest.widths;
    const rows = batch.labels.length;
    const z = new Float32Array(rows * batch.targetCount * decoder);
    for (let first = 0; first < rows; first += this.#rowsAtOnce) {
      const part = await this.#condition(rowsOf(batch, first, Math.min(rows, first + this.#rowsAtOnce)));
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
   * @returns [S, R, M]
   */
  async modulate(timeEmbed: Float32Array, zEmbed: OrtTensor): Promise<OrtTensor> {
    const { head } = this.manifest.widths;
    const steps = timeEmbed.length / head;
    const feeds = { time_embed: this.#float(timeEmbed, [steps, head]), z_embed: zEmbed.tensor };
    const { modulation } = await this.#run('modulate', feeds, ['modulation']);
    return new OrtTensor('modulate', modulation!);
  }

  /**
   * The denoiser: x [n, C] → [R, 2C], a row [ε | v]; row r takes x[r mod n].
   *
   * @param modulation [S, R, M]
   * @param step which of the modulation's S diffusion steps
   */
  async denoise(x: Float32Array, modulation: OrtTensor, step: number): Promise<Float32Array> {
    const { channels } = this.manifest.grid;
    const { out } = await this.#run(
      'denoise',
      {
        x: this.#reused(x, [x.length / channels, channels]),
        modulation: modulation.tensor,
        step: this.#stepTensor(step),
      },
      ['out'],
    );
    return out!.data as Float32Array;
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
