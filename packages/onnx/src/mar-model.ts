import {
  assertClamp,
  assertGrid,
  type CancellationSignal,
  type ClassInput,
  type ConditionRequest,
  type Conditions,
  type GridShape,
  gridLength,
  type ImageRgb,
  InvalidOptionError,
  type MaskedModel,
  ModelDisposedError,
  patchify,
  type SamplingDefaults,
  ShapeMismatchError,
  TesseraError,
  type TokenGrid,
  type TokenImage,
  type TokenRequest,
  throwIfAborted,
  unpatchify,
} from '@tessera/core';
import { conditionBatch, sameCounts } from './condition-batch.js';
import { sampleHead } from './head.js';
import { splitRows } from './held-conditions.js';
import type { HeldTensor } from './held-tensor.js';
import type { Manifest } from './manifest.js';
import type { MarGraphs } from './mar-graphs.js';
import { pixelsFromPlanes, planesFromPixels } from './pixels.js';
import { RunQueue } from './run-queue.js';
import type { RunStatistics } from './run-statistics.js';
import { sameZ, sampledRows } from './sampled-rows.js';
import { samplingDefaults } from './sampling-defaults.js';

type Cancellable = { readonly signal?: CancellationSignal };

/** A MAR model in the thread that holds its sessions. */
export class MarModel implements MaskedModel<ClassInput> {
  readonly manifest: Manifest;
  readonly shape: GridShape;
  readonly defaults: SamplingDefaults;
  readonly #graphs: MarGraphs;
  readonly #queue = new RunQueue();
  #disposed: Promise<void> | undefined;

  constructor(graphs: MarGraphs) {
    this.#graphs = graphs;
    this.manifest = graphs.manifest;
    this.shape = graphs.manifest.grid;
    this.defaults = samplingDefaults(graphs.manifest);
  }

  condition({ batch, signal }: ConditionRequest<ClassInput>): Promise<readonly Conditions[]> {
    return this.#enqueue(async () => {
      const conditions: Conditions[] = [];
      try {
        for (const places of sameCounts(batch)) {
          throwIfAborted(signal);
          const group = places.map((place) => batch[place]!);
          const z = await this.#graphs.condition(conditionBatch(this.manifest, group));
          const rows = splitRows(z, group, this.manifest.widths.decoder, (unused) => this.#free(unused));
          for (const [i, place] of places.entries()) conditions[place] = rows[i]!;
        }
      } catch (error) {
        // Places of groups that were not reached are empty.
        for (const made of conditions) made?.release();
        throw error;
      }
      return conditions;
    }, signal);
  }

  sampleTokens(request: TokenRequest): Promise<readonly Float32Array[]> {
    return this.#enqueue(async () => {
      assertClamp(request.clamp, this.shape.channels);
      const tokens: Float32Array[] = [];
      for (const places of sameZ(request.batch)) {
        const group = places.map((place) => request.batch[place]!);
        const sampled = await this.#sampleGroup(group, request);
        for (const [i, place] of places.entries()) tokens[place] = sampled[i]!;
      }
      return tokens;
    }, request.signal);
  }

  decode(grids: readonly TokenGrid[], { signal }: Cancellable = {}): Promise<readonly ImageRgb[]> {
    return this.#enqueue(async () => {
      this.#need('decoder', 'make pictures');
      const { latents } = this.manifest;
      const { height, width } = this.shape;
      const latentShape = { channels: latents.channels, height, width };
      const dims = [1, latents.channels, height * latents.patchSize, width * latents.patchSize] as const;
      const images: ImageRgb[] = [];
      for (const grid of grids) {
        throwIfAborted(signal);
        const cells = unpatchify(knownTokens(grid, this.shape), latentShape, latents.patchSize);
        for (let i = 0; i < cells.length; i++) cells[i]! /= latents.scale;
        const planes = await this.#graphs.decode(cells, dims);
        images.push(pixelsFromPlanes(planes, dims[2] * latents.stride, dims[3] * latents.stride));
      }
      return images;
    }, signal);
  }

  encode(images: readonly ImageRgb[], { signal }: Cancellable = {}): Promise<readonly TokenGrid[]> {
    return this.#enqueue(async () => {
      this.#need('encoder', 'turn pictures into tokens');
      const { latents } = this.manifest;
      const { height, width } = this.shape;
      const pixels = [
        height * latents.patchSize * latents.stride,
        width * latents.patchSize * latents.stride,
      ] as const;
      const grids: TokenGrid[] = [];
      for (const image of images) {
        throwIfAborted(signal);
        if (image.height !== pixels[0] || image.width !== pixels[1]) {
          throw new ShapeMismatchError('image [H, W]', pixels, [image.height, image.width]);
        }
        const moments = await this.#graphs.encode(planesFromPixels(image), [1, 3, ...pixels]);
        // The mean of the posterior; the log variance behind it is not used.
        const mean = moments.slice(0, moments.length / 2);
        for (let i = 0; i < mean.length; i++) mean[i]! *= latents.scale;
        const tokens = patchify(mean, { channels: latents.channels, height, width }, latents.patchSize);
        grids.push({ shape: this.shape, tokens, known: new Uint8Array(gridLength(this.shape)).fill(1) });
      }
      return grids;
    }, signal);
  }

  /** How often each graph has run, and for how long. */
  runStatistics(): Promise<RunStatistics> {
    return Promise.resolve(this.#graphs.statistics);
  }

  /** Frees the sessions once the calls made before are done. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#queue.add(() => this.#graphs.release());
    return this.#disposed;
  }

  /** Calls that wait for others reject as soon as `signal` is aborted; those that run look at it between two runs. */
  async #enqueue<T>(task: () => Promise<T>, signal: CancellationSignal | undefined): Promise<T> {
    if (this.#disposed) throw new ModelDisposedError();
    return this.#queue.add(task, signal);
  }

  /** A tensor may be in use by a run that is under way. */
  #free(z: HeldTensor): void {
    void this.#queue.add(async () => z.release());
  }

  async #sampleGroup(
    images: readonly TokenImage[],
    { coefficients, temperature, clamp, signal }: TokenRequest,
  ): Promise<Float32Array[]> {
    const { channels } = this.shape;
    const count = images.reduce((sum, image) => sum + image.rows.length, 0);
    const guidanceScale = new Float32Array(count);
    const owner: TokenImage[] = [];
    const positions = new Uint32Array(count);
    for (const image of images) {
      if (image.positions.length !== image.rows.length) {
        throw new ShapeMismatchError('positions [m]', [image.rows.length], [image.positions.length]);
      }
      const first = owner.length;
      for (const row of image.rows) {
        assertRow(row, image.conditions);
        owner.push(image);
      }
      positions.set(image.positions, first);
      guidanceScale.fill(image.guidanceScale, first, owner.length);
    }
    const tokens = await sampleHead(this.#graphs, {
      count,
      ...(await sampledRows(images, this.#graphs)),
      guidanceScale,
      table: coefficients,
      temperature,
      noise: (row, step, out) => owner[row]!.noise.tokenNormal(positions[row]!, step, out),
      ...(clamp === undefined ? {} : { clamp }),
      ...(signal ? { signal } : {}),
    });
    let first = 0;
    return images.map((image) => {
      const begin = first * channels;
      first += image.rows.length;
      return tokens.slice(begin, first * channels);
    });
  }

  #need(name: 'decoder' | 'encoder', purpose: string): void {
    if (!this.#graphs.has(name)) {
      throw new TesseraError(
        'missing-component',
        `The model "${this.manifest.name}" has no ${name}, which is needed to ${purpose}. Convert it with its autoencoder.`,
      );
    }
  }
}

/** A row beyond the image's own would be another image's: a batch shares one z. */
function assertRow(row: number, { count }: Conditions): void {
  if (row < count) return;
  throw new InvalidOptionError('rows', row, `must be less than ${count}, the rows of the conditions`);
}

/** The grid's tokens with 0 where they are masked. */
function knownTokens(grid: TokenGrid, shape: GridShape): Float32Array {
  assertGrid('grid', grid, shape);
  const { channels } = shape;
  const tokens = grid.tokens.slice();
  for (let position = 0; position < grid.known.length; position++) {
    if (!grid.known[position]) tokens.fill(0, position * channels, (position + 1) * channels);
  }
  return tokens;
}
