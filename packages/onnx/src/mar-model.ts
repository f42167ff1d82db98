import {
  type GridShape,
  type ImageRgb,
  InvalidOptionError,
  type MaskedModel,
  type ModelInput,
  TesseraError,
  type TokenGrid,
} from '@tessera/core';
import type { DiffusionProcess } from '@tessera/core/diffusion';
import {
  assertClamp,
  assertShape,
  type CancellationSignal,
  type ConditionRequest,
  ConditionRows,
  gridLength,
  groupBy,
  type HeadRequest,
  type ImageSize,
  ModelDisposedError,
  patchify,
  proxyModel,
  type ReuseAbilities,
  type SamplingDefaults,
  ShapeMismatchError,
  type TokenImage,
  type TokenRequest,
  throwIfAborted,
  unpatchify,
} from '@tessera/core/model';
import { diffusionFrom, type Manifest, samplingDefaults } from '@tessera/format';
import { evaluateHead, sampleHead } from './head.js';
import { imageSizeOf } from './image-size.js';
import type { ModelGraphs } from './model-graphs.js';
import type { OrtTensor } from './ort-tensor.js';
import { pixelsFromPlanes, planesFromPixels } from './pixels.js';
import { reuseAbilities } from './reuse-abilities.js';
import { reusedConditions, reuseKey } from './reused-conditions.js';
import { RunQueue } from './run-queue.js';
import type { RunStatistics } from './run-statistics.js';
import { runtimeTensor, type SampledImage, sampledRows } from './sampled-rows.js';

type Cancellable = { readonly signal?: CancellationSignal };

/** A model in the thread that holds its sessions. */
export class MarModel<Input = ModelInput> implements MaskedModel<Input> {
  readonly manifest: Manifest;
  readonly shape: GridShape;
  readonly imageSize: ImageSize;
  readonly defaults: SamplingDefaults;
  readonly diffusion: DiffusionProcess;
  readonly reuses: ReuseAbilities;
  readonly drawsGlobalToken: boolean;
  readonly #graphs: ModelGraphs<Input>;
  readonly #queue = new RunQueue();
  #disposed: Promise<void> | undefined;

  constructor(graphs: ModelGraphs<Input>) {
    this.#graphs = graphs;
    this.manifest = graphs.manifest;
    this.shape = graphs.manifest.grid;
    this.imageSize = imageSizeOf(graphs.manifest);
    this.defaults = samplingDefaults(graphs.manifest);
    this.diffusion = diffusionFrom(graphs.manifest.diffusion);
    this.reuses = reuseAbilities(graphs.manifest);
    this.drawsGlobalToken = graphs.manifest.joint !== undefined;
  }

  condition({ batch, signal }: ConditionRequest<Input>): Promise<readonly ConditionRows[]> {
    return this.#enqueue(async () => {
      assertBatch('batch', batch);
      const made: ConditionRows[] = [];
      try {
        return await groupBy(
          batch,
          (image) => reuseKey(image, this.#graphs.batchKey(image)),
          async (group) => {
            throwIfAborted(signal);
            if (group[0]!.reuse) {
              const reused = await reusedConditions(this.#graphs, group, (z) => this.#queued(z), signal);
              made.push(...reused);
              return reused;
            }
            const z = await this.#graphs.conditionImages(group, signal);
            const shapes = group.map(({ positions, guided }) => ({ count: positions.length, guided }));
            const rows = ConditionRows.split(this.#queued(z), this.manifest.widths.decoder, shapes);
            made.push(...rows);
            return rows;
          },
        );
      } catch (error) {
        for (const rows of made) rows.release();
        throw error;
      }
    }, signal);
  }

  sampleTokens(request: TokenRequest): Promise<readonly Float32Array[]> {
    return this.#enqueue(async () => {
      assertBatch('batch', request.batch);
      assertClamp(request.clamp, this.shape.channels);
      return byRuntimeTensor(request.batch, (group) => this.#sampleGroup(group, request));
    }, request.signal);
  }

  /** One evaluation of the head, without guidance: see `MaskedModel`. */
  evaluateHead({ batch, timestep, signal }: HeadRequest): Promise<readonly Float32Array[]> {
    return this.#enqueue(async () => {
      assertBatch('batch', batch);
      const { channels } = this.shape;
      for (const { x, rows } of batch) assertShape('x [m, C]', x, [rows.length, channels]);
      return byRuntimeTensor(batch, async (group) => {
        const count = group.reduce((sum, { rows }) => sum + rows.length, 0);
        const request = { count, ...(await sampledRows(group, this.#graphs)) };
        const x = concatenated(group.map((image) => image.x));
        const output = await evaluateHead(this.#graphs, request, x, timestep, signal);
        const width = output.length / request.rows.length;
        const half = count * width;
        const conditional = splitTokens(output.subarray(0, half), group, width);
        if (output.length === half) return conditional;
        const unconditional = splitTokens(output.subarray(half), group, width);
        return conditional.map((rows, i) => concatenated([rows, unconditional[i]!]));
      });
    }, signal);
  }

  decode(grids: readonly TokenGrid[], { signal }: Cancellable = {}): Promise<readonly ImageRgb[]> {
    return this.#enqueue(async () => {
      assertBatch('grids', grids);
      this.#need('decoder', 'make pictures');
      const { latents } = this.manifest;
      const { shift = 0 } = latents;
      const images: ImageRgb[] = [];
      for (const grid of grids) {
        throwIfAborted(signal);
        this.#graphs.assertGrid(grid);
        const { height, width } = grid.shape;
        const latentShape = { channels: latents.channels, height, width };
        const dims = [1, latents.channels, height * latents.patchSize, width * latents.patchSize] as const;
        const cells = unpatchify(knownTokens(grid), latentShape, latents.patchSize);
        for (let i = 0; i < cells.length; i++) cells[i] = cells[i]! / latents.scale + shift;
        const planes = await this.#graphs.decode(cells, dims);
        const [rows, columns] = [dims[2] * latents.stride, dims[3] * latents.stride];
        images.push(pixelsFromPlanes(planes, rows, columns, latents.rounding));
      }
      return images;
    }, signal);
  }

  encode(images: readonly ImageRgb[], { signal }: Cancellable = {}): Promise<readonly TokenGrid[]> {
    return this.#enqueue(async () => {
      assertBatch('images', images);
      this.#need('encoder', 'turn pictures into tokens');
      const { latents } = this.manifest;
      const { shift = 0 } = latents;
      const token = latents.patchSize * latents.stride;
      const grids: TokenGrid[] = [];
      for (const image of images) {
        throwIfAborted(signal);
        const [height, width] = [image.height / token, image.width / token];
        const shape = { height, width, channels: this.shape.channels };
        const pixels = [image.height, image.width] as const;
        if (!this.#graphs.draws(shape)) {
          throw new ShapeMismatchError('image [H, W]', [this.imageSize.height, this.imageSize.width], pixels);
        }
        const moments = await this.#graphs.encode(planesFromPixels(image), [1, 3, ...pixels]);
        // The mean of the posterior; the log variance behind it is not used.
        const mean = moments.slice(0, moments.length / 2);
        for (let i = 0; i < mean.length; i++) mean[i] = (mean[i]! - shift) * latents.scale;
        const tokens = patchify(mean, { channels: latents.channels, height, width }, latents.patchSize);
        grids.push({ shape, tokens, known: new Uint8Array(gridLength(shape)).fill(1) });
      }
      return grids;
    }, signal);
  }

  /** The words of a prompt that the model can only spell: those that its tokenizer has no piece for. */
  unknownWords(prompt: string): Promise<readonly string[]> {
    return this.#graphs.unknownWords(prompt);
  }

  /** How often each graph has run, and for how long. */
  runStatistics(): Promise<RunStatistics> {
    return Promise.resolve(this.#graphs.runner.statistics);
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

  /** The tensor may be in use by a run that is under way, so its release waits its turn. */
  #queued(z: OrtTensor): OrtTensor {
    return proxyModel(z, { release: () => void this.#queue.add(async () => z.release()) });
  }

  async #sampleGroup(
    batch: readonly TokenImage[],
    { coefficients, temperature, clamp, reuse, signal }: TokenRequest,
  ): Promise<Float32Array[]> {
    const owner: TokenImage[] = [];
    const positions: number[] = [];
    for (const image of batch) {
      assertShape('positions [m]', image.positions, [image.rows.length]);
      owner.push(...Array.from(image.rows, () => image));
      positions.push(...image.positions);
    }
    const tokens = await sampleHead(this.#graphs, {
      count: owner.length,
      ...(await sampledRows(batch, this.#graphs)),
      guidanceScale: groupScales(batch, coefficients.steps.length),
      coefficients,
      prediction: this.diffusion.prediction,
      temperature,
      noise: (row, step, out) => owner[row]!.noise.tokenNormal(positions[row]!, step, out),
      clamp,
      reuse,
      signal,
    });
    return splitTokens(tokens, batch, this.shape.channels);
  }

  #need(name: 'decoder' | 'encoder', purpose: string): void {
    if (!this.#graphs.runner.has(name)) {
      throw new TesseraError(
        'missing-component',
        `The model "${this.manifest.name}" has no ${name}, which is needed to ${purpose}. Convert it with its autoencoder.`,
      );
    }
  }
}

/** Images that one run of the head can serve: guided or not, and with rows in the same z. */
function byRuntimeTensor<Image extends SampledImage, Result>(
  batch: readonly Image[],
  run: (group: readonly Image[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  return groupBy(
    batch,
    ({ conditions }) => conditions.guided,
    (alike) => groupBy(alike, ({ conditions }) => runtimeTensor(conditions), run),
  );
}

/** A group's guidance scales: [n] where each image has one, else [S, n]. */
function groupScales(batch: readonly TokenImage[], steps: number): Float32Array {
  const count = batch.reduce((sum, { rows }) => sum + rows.length, 0);
  const rowsOfScales = batch.every(({ guidanceScale }) => typeof guidanceScale === 'number') ? 1 : steps;
  const scales = new Float32Array(rowsOfScales * count);
  let first = 0;
  for (const { guidanceScale, rows } of batch) {
    const m = rows.length;
    if (typeof guidanceScale !== 'number') assertShape('guidanceScale [S, m]', guidanceScale, [steps, m]);
    for (let step = 0; step < rowsOfScales; step++) {
      const at = step * count + first;
      if (typeof guidanceScale === 'number') scales.fill(guidanceScale, at, at + m);
      else scales.set(guidanceScale.subarray(step * m, (step + 1) * m), at);
    }
    first += m;
  }
  return scales;
}

/** A group's values [n, width], image by image. */
function splitTokens(
  values: Float32Array,
  batch: readonly Pick<TokenImage, 'rows'>[],
  width: number,
): Float32Array[] {
  let first = 0;
  return batch.map(({ rows }) => {
    const begin = first;
    first += rows.length * width;
    return values.slice(begin, first);
  });
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let first = 0;
  for (const part of parts) {
    whole.set(part, first);
    first += part.length;
  }
  return whole;
}

/** For callers without types, who pass a single image. */
function assertBatch(what: string, batch: readonly unknown[]): void {
  if (Array.isArray(batch)) return;
  throw new InvalidOptionError(what, typeof batch, 'must be an array with an entry for each image');
}

/** The grid's tokens with 0 where they are masked. */
function knownTokens(grid: TokenGrid): Float32Array {
  const { channels } = grid.shape;
  const tokens = grid.tokens.slice();
  for (let position = 0; position < grid.known.length; position++) {
    if (!grid.known[position]) tokens.fill(0, position * channels, (position + 1) * channels);
  }
  return tokens;
}
