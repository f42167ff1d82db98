import type { GridShape, TokenGrid } from '@tessera/core';
import { assertGrid, type CancellationSignal, type ConditionImage, gridLength } from '@tessera/core/model';
import type { ComponentName, Manifest } from '@tessera/format';
import type { Tensor } from 'onnxruntime-common';
import type { CachedTransformer } from './cached-transformer.js';
import { assertFinite } from './finite.js';
import type { GraphRunner } from './graph-runner.js';
import { OrtTensor } from './ort-tensor.js';

/** What the denoiser gives for later diffusion steps to take. */
export interface KeptDenoising {
  /** [R, 2C]. */
  readonly out: Float32Array;
  /** [b, n, W], the MLP outputs of the outer blocks. */
  readonly mlp: OrtTensor;
  /** [n, W], the update of the inner blocks together. */
  readonly delta: OrtTensor;
}

/** The steps of a chain: x ← factors[s, 0]·x + factors[s, 1]·output. */
export interface ChainSteps {
  readonly timesteps: Float32Array;
  readonly factors: Float32Array;
  readonly scales: Float32Array;
}

/**
 * The graphs of one model as typed functions on plain arrays: those of the diffusion head and the autoencoder, which all
 * families have alike, and what a family makes its conditions with. Stateless but for statistics and tensors kept for reuse.
 */
export abstract class ModelGraphs<Input> {
  readonly manifest: Manifest;
  readonly runner: GraphRunner;
  /** The transformer with caches, of families that can have one. */
  readonly cached?: CachedTransformer;
  /** How many rows of an image the head takes together, in the order of their positions; 1 where a row is on its own. */
  readonly rowsTogether: number;
  #lastTensor: Tensor | undefined;
  readonly #stepTensors: Tensor[] = [];

  constructor(manifest: Manifest, runner: GraphRunner) {
    this.manifest = manifest;
    this.runner = runner;
    this.rowsTogether = manifest.joint ? gridLength(manifest.grid) : 1;
  }

  /** Images of one key can be one batch of {@link conditionImages}. @throws InvalidOptionError for an input that is none */
  abstract batchKey(image: ConditionImage<Input>): string;

  /**
   * z at the wanted positions of images of one key, [R, T, D]: the conditional rows of all, then the unconditional ones of
   * those that are guided.
   *
   * @throws NonFiniteError if it is in memory and some of it is not a number
   */
  abstract conditionImages(
    images: readonly ConditionImage<Input>[],
    signal: CancellationSignal | undefined,
  ): Promise<OrtTensor>;

  /** The words of a prompt that the model can only spell. @default none */
  async unknownWords(_prompt: string): Promise<readonly string[]> {
    return [];
  }

  /** Frees everything. */
  async release(): Promise<void> {
    await this.runner.release();
  }

  /** Whether it draws grids of a shape. @default its own alone */
  draws({ height, width, channels }: GridShape): boolean {
    const { grid } = this.manifest;
    return height === grid.height && width === grid.width && channels === grid.channels;
  }

  /** Throws ShapeMismatchError unless it draws such grids. */
  assertGrid(grid: TokenGrid): void {
    assertGrid('grid', grid, this.draws(grid.shape) ? grid.shape : this.manifest.grid);
  }

  /**
   * What a graph makes of `count` rows, a part at a time where there are more than `atOnce`; parts are put together in memory.
   *
   * @param dims of a row
   */
  protected async inParts(
    graph: ComponentName,
    { count, atOnce }: { readonly count: number; readonly atOnce: number },
    dims: readonly number[],
    run: (first: number, end: number) => Promise<OrtTensor>,
  ): Promise<OrtTensor> {
    if (count <= atOnce) return run(0, count);
    const size = dims.reduce((product, extent) => product * extent, 1);
    const all = new Float32Array(count * size);
    for (let first = 0; first < count; first += atOnce) {
      const part = await run(first, Math.min(count, first + atOnce));
      all.set(await part.read(), first * size);
    }
    return new OrtTensor(graph, this.runner.float(all, [count, ...dims]));
  }

  /** Rows that are in memory, [R, D], as z of one image. */
  conditionRows(rows: Float32Array): OrtTensor {
    const { decoder } = this.manifest.widths;
    return new OrtTensor('transformer', this.runner.float(rows, [1, rows.length / decoder, decoder]));
  }

  /**
   * The time MLP.
   *
   * @param timesteps [S], original timesteps 0 … 999
   * @returns `timeEmbed` [S, W], its output; `sinusoid` [S, 256], its input
   */
  async embed(timesteps: Float32Array): Promise<{ timeEmbed: Float32Array; sinusoid: Float32Array }> {
    const outputs = await this.runner.run(
      'embed',
      { timesteps: this.runner.float(timesteps, [timesteps.length]) },
      ['time_embed', 'sinusoid'],
    );
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
    const feeds = { z: z.tensor, rows: this.runner.int(rows, [rows.length]) };
    const { z_embed } = await this.runner.run('project', feeds, ['z_embed']);
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
    const feeds = { time_embed: this.runner.float(timeEmbed, [steps, head]), z_embed: zEmbed.tensor };
    const { modulation } = await this.runner.run(graph, feeds, ['modulation']);
    return new OrtTensor(graph, modulation!);
  }

  /**
   * All steps of a chain at once, see `chainGraph` of `@tessera/convert`.
   *
   * @param x [n, C]
   * @param z [B, T, D]
   * @param rows [R], which of the B·T rows
   * @param steps of each, its timestep, [S], factors, [S, 2], and guidance scales, [S, n]
   * @returns [n, C]
   */
  async chain(x: Float32Array, z: OrtTensor, rows: Int32Array, steps: ChainSteps): Promise<Float32Array> {
    const { channels } = this.manifest.grid;
    const count = x.length / channels;
    const feeds = {
      x: this.runner.float(x, [count, channels]),
      z: z.tensor,
      rows: this.runner.int(rows, [rows.length]),
      ...this.chainFeeds(steps, count),
    };
    const { tokens } = await this.runner.run('chain', feeds, ['tokens']);
    return (await tokens!.getData()) as Float32Array;
  }

  /** What a graph of a chain of `count` tokens takes of its steps. */
  protected chainFeeds({ timesteps, factors, scales }: ChainSteps, count: number): Record<string, Tensor> {
    const { length } = timesteps;
    return {
      timesteps: this.runner.float(timesteps, [length]),
      factors: this.runner.float(factors, [length, 2]),
      scales: this.runner.float(scales, [length, count, 1]),
    };
  }

  /**
   * The denoiser: x [n, C] → [R, 2C], a row [ε | v]; row r takes x[r mod n].
   *
   * @param modulation [S, R, M]
   * @param step which of the modulation's S diffusion steps
   */
  async denoise(x: Float32Array, modulation: OrtTensor, step: number): Promise<Float32Array> {
    const { out } = await this.runner.run('denoise', this.#denoiseFeeds(x, modulation, step), ['out']);
    return out!.data as Float32Array;
  }

  /** The same, and what later diffusion steps take of its n first rows. */
  async denoiseKeeping(x: Float32Array, modulation: OrtTensor, step: number): Promise<KeptDenoising> {
    const feeds = this.#denoiseFeeds(x, modulation, step);
    const { out, mlp, delta } = await this.runner.run('denoise', feeds, ['out', 'mlp', 'delta']);
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
    const { out, mlp } = await this.runner.run('denoise-outer', feeds, ['out', 'mlp']);
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
    const { out } = await this.runner.run('denoise-cached', feeds, ['out']);
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
    const { image } = await this.runner.run('decoder', { latents: this.runner.float(latents, dims) }, [
      'image',
    ]);
    return assertFinite('decoder', image!.data as Float32Array);
  }

  /**
   * The autoencoder's encoder.
   *
   * @param image [B, 3, H, W] in [−1, 1]
   * @returns [B, 2Cv, h, w], mean and log variance, the latter not clamped
   */
  async encode(image: Float32Array, dims: readonly [number, number, number, number]): Promise<Float32Array> {
    const { moments } = await this.runner.run('encoder', { image: this.runner.float(image, dims) }, [
      'moments',
    ]);
    return assertFinite('encoder', moments!.data as Float32Array);
  }

  /** The tensor on `data` itself: a diffusion chain changes its x in place and feeds it thousands of times. */
  #reused(data: Float32Array, dims: readonly number[]): Tensor {
    if (this.#lastTensor?.data !== data) this.#lastTensor = this.runner.float(data, dims);
    return this.#lastTensor;
  }

  #stepTensor(step: number): Tensor {
    this.#stepTensors[step] ??= this.runner.int(Int32Array.of(step), [1]);
    return this.#stepTensors[step];
  }
}
