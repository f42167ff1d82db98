import { type CancellationSignal, throwIfAborted } from '../cancellation.js';
import { ConditionRows, type DeviceTensor, memoryTensor } from '../condition-rows.js';
import { type DiffusionProcess, marDiffusion, noiseLevel } from '../diffusion/diffusion-process.js';
import { runCoefficients } from '../diffusion/run-coefficients.js';
import {
  assertInteger,
  assertShape,
  InvalidOptionError,
  ModelDisposedError,
  ShapeMismatchError,
} from '../errors.js';
import { copyGrid, emptyGrid, type GridShape, maskedPositions, type TokenGrid } from '../grid.js';
import type { ImageRgb } from '../image.js';
import type { ClassInput, ConditionImage, HeadRequest, MaskedModel, SamplingDefaults } from '../model.js';
import { fillTokenNoise } from '../noise/token-noise.js';
import { headEffort } from '../reuse.js';
import { fakeConditions } from './fake-conditions.js';

export interface FakeModelOptions {
  readonly shape: GridShape;
  /** D: the width of the conditions. @default 16 */
  readonly width?: number;
  /** The side of a token in pixels. @default 1 */
  readonly tokenSize?: number;
  /** What the model advises. @default nothing */
  readonly defaults?: SamplingDefaults;
  /** What its head predicts, and on which noise. @default marDiffusion() */
  readonly diffusion?: DiffusionProcess;
}

/** How often a fake model was asked, and for how much. */
export interface FakeModelCalls {
  condition: number;
  /** Rows of conditions, conditional and unconditional ones. */
  conditionRows: number;
  sampleTokens: number;
  evaluateHead: number;
  /** Rows that the head was evaluated on: tokens × evaluations of the sampler, twice if guided. */
  headEvaluations: number;
  decode: number;
  encode: number;
}

/** uncond − cond of an image's last guided refresh, by position: [D] each. */
type Difference = ReadonlyMap<number, Float32Array>;

export interface FakeModel extends MaskedModel<ClassInput> {
  readonly diffusion: DiffusionProcess;
  evaluateHead(request: HeadRequest): Promise<readonly Float32Array[]>;
  readonly calls: Readonly<FakeModelCalls>;
}

/**
 * A model of simple arithmetic for tests, which keeps every promise of `MaskedModel`: z depends on the position, the
 * label and the known tokens alone; the head's ε or velocity leads to x0 = tanh(z) + sin(x)/10; a token is a pixel. It has no
 * model file and no runtime.
 *
 * @example
 * const model = fakeModel({ shape: { height: 8, width: 8, channels: 4 } });
 * const [picture] = await generateImages({ model, requests: [{ seed: 1, input: { classLabel: 3 } }] });
 */
export function fakeModel(options: FakeModelOptions): FakeModel {
  const { shape, width = 16, tokenSize = 1, defaults, diffusion = marDiffusion() } = options;
  assertInteger('width', width, 1);
  assertInteger('tokenSize', tokenSize, 1);
  const { known } = emptyGrid(shape);
  const calls: FakeModelCalls = {
    condition: 0,
    conditionRows: 0,
    sampleTokens: 0,
    evaluateHead: 0,
    headEvaluations: 0,
    decode: 0,
    encode: 0,
  };
  let disposed = false;
  const differences = new WeakMap<DeviceTensor, Difference>();

  /** z as `reuse` has it: keys and values stay as good as new, guidance is that of the last refresh. */
  async function reusedConditions(image: ConditionImage<ClassInput>): Promise<ConditionRows> {
    const { reuse, guided, positions } = image;
    const old = reuse?.previous && differences.get(reuse.previous.tensor);
    const refreshes = !reuse || reuse.refresh || !reuse.guidance;
    const rows = reuse?.guidance && reuse.refresh && guided ? maskedPositions(image.grid.known) : positions;
    const all = fakeConditions({ ...image, positions: rows, guided: guided && refreshes }, width);
    calls.conditionRows += rows.length * (guided && refreshes ? 2 : 1);
    if (!reuse) return all;
    const conditional = await all.read();
    const rowAt = (values: Float32Array, row: number): Float32Array =>
      values.subarray(row * width, (row + 1) * width);
    const unconditional = guided && refreshes ? await all.readUnconditional() : undefined;
    let difference = old;
    if (unconditional) {
      difference = new Map(
        Array.from(rows, (position, row) => {
          const own = rowAt(conditional, row);
          return [position, rowAt(unconditional, row).map((value, i) => value - own[i]!)];
        }),
      );
    }
    const z = new Float32Array(positions.length * width * (guided ? 2 : 1));
    for (const [i, position] of positions.entries()) {
      const row = rows.indexOf(position);
      const own = rowAt(conditional, row);
      z.set(own, i * width);
      if (unconditional) z.set(rowAt(unconditional, row), (positions.length + i) * width);
      if (!guided || unconditional) continue;
      const added = difference?.get(position);
      if (!added)
        throw new InvalidOptionError('reuse.previous', 'z', `must hold the guidance of position ${position}`);
      z.set(
        own.map((value, k) => value + added[k]!),
        (positions.length + i) * width,
      );
    }
    const tensor = memoryTensor(z);
    if (difference) differences.set(tensor, difference);
    return ConditionRows.split(tensor, width, [{ count: positions.length, guided }])[0]!;
  }

  /** Lets other work run, as a real run would, then looks whether there is still someone waiting. */
  async function turn(signal: CancellationSignal | undefined): Promise<void> {
    await Promise.resolve();
    if (disposed) throw new ModelDisposedError();
    throwIfAborted(signal);
  }

  return {
    shape,
    imageSize: { width: shape.width * tokenSize, height: shape.height * tokenSize },
    ...(defaults ? { defaults } : {}),
    diffusion,
    reuses: { guidance: true, tokens: true, head: true },
    calls,
    async condition({ batch, signal }) {
      await turn(signal);
      calls.condition++;
      for (const image of batch) {
        if (image.input?.classLabel === undefined)
          throw new InvalidOptionError('input', image.input, 'must be { classLabel }, a number or null');
        assertShape('grid.known [L]', image.grid.known, [known.length]);
      }
      return Promise.all(batch.map(reusedConditions));
    },
    async sampleTokens({ batch, coefficients, temperature, clamp, reuse, signal }) {
      await turn(signal);
      calls.sampleTokens++;
      const sampled: Float32Array[] = [];
      for (const image of batch) {
        const count = image.rows.length;
        const { guidanceScale } = image;
        const targets = await headTargets(image, shape.channels);
        const tokens = await runCoefficients({
          coefficients,
          prediction: diffusion.prediction,
          count,
          channels: shape.channels,
          noise: (step, out) => fillTokenNoise([image], step, shape.channels, out),
          guidanceScale:
            typeof guidanceScale === 'number' ? new Float32Array(count).fill(guidanceScale) : guidanceScale,
          temperature,
          clamp,
          signal,
          async evaluate(x, index) {
            await turn(signal);
            const effort = headEffort(reuse, index, coefficients.steps.length);
            const rows = effort === 'full' ? targets.length : effort === 'outer' ? x.length : 0;
            calls.headEvaluations += rows / shape.channels;
            return headRows(x, targets, coefficients.steps[index]!.timestep, shape.channels, diffusion);
          },
        });
        sampled.push(tokens);
      }
      return sampled;
    },
    async evaluateHead({ batch, timestep, signal }) {
      await turn(signal);
      calls.evaluateHead++;
      const outputs: Float32Array[] = [];
      for (const image of batch) {
        const targets = await headTargets(image, shape.channels);
        calls.headEvaluations += targets.length / shape.channels;
        outputs.push(headRows(image.x, targets, timestep, shape.channels, diffusion));
      }
      return outputs;
    },
    async decode(grids, options) {
      await turn(options?.signal);
      calls.decode++;
      return grids.map((grid) => picture(grid, tokenSize));
    },
    async encode(images, options) {
      await turn(options?.signal);
      calls.encode++;
      return images.map((image) => tokensOf(image, shape, tokenSize));
    },
    async dispose() {
      disposed = true;
    },
  };
}

/** tanh(z), the head's targets: [m, C] of the conditional rows, then of the unconditional ones. */
async function headTargets(
  { conditions, rows }: Pick<HeadRequest['batch'][number], 'conditions' | 'rows'>,
  channels: number,
): Promise<Float32Array> {
  const { width, guided } = conditions;
  const halves = [await conditions.read(), ...(guided ? [await conditions.readUnconditional()] : [])];
  const size = rows.length * channels;
  return Float32Array.from({ length: halves.length * size }, (_, i) => {
    const row = rows[Math.floor((i % size) / channels)]!;
    return Math.tanh(halves[Math.floor(i / size)]![row * width + ((i % channels) % width)]!);
  });
}

/** The head's rows: the output that leads from x to x0, and v = 0 where the variance is learned. */
function headRows(
  x: Float32Array,
  targets: Float32Array,
  timestep: number,
  channels: number,
  diffusion: DiffusionProcess,
): Float32Array {
  const { scale, sigma } = noiseLevel(timestep, diffusion);
  const width = diffusion.prediction === 'epsilon' ? 2 * channels : channels;
  const output = new Float32Array((targets.length / channels) * width);
  for (const [i, target] of targets.entries()) {
    const value = x[i % x.length]!;
    const xStart = target + Math.sin(value) / 10;
    output[Math.floor(i / channels) * width + (i % channels)] = (value / scale - xStart) / sigma;
  }
  return output;
}

/** A token is a square of pixels: its first three channels, −1 … 1 to 0 … 255; masked ones as 0. */
function picture(grid: TokenGrid, tokenSize: number): ImageRgb {
  const { shape, tokens, known } = copyGrid(grid);
  const width = shape.width * tokenSize;
  const height = shape.height * tokenSize;
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const position = positionOf(Math.floor(i / 3), width, tokenSize);
    const channel = Math.min(i % 3, shape.channels - 1);
    const value = known[position] ? tokens[position * shape.channels + channel]! : 0;
    return Math.round(Math.max(0, Math.min(1, (value + 1) / 2)) * 255);
  });
  return { width, height, data };
}

/** The inverse of {@link picture}: the mean of each square. Channels beyond the third are 0. */
function tokensOf(image: ImageRgb, shape: GridShape, tokenSize: number): TokenGrid {
  const grid = emptyGrid(shape);
  const size = [shape.height * tokenSize, shape.width * tokenSize] as const;
  if (image.height !== size[0] || image.width !== size[1])
    throw new ShapeMismatchError('image [H, W]', size, [image.height, image.width]);
  assertShape('image.data [H, W, 3]', image.data, [...size, 3]);
  for (const [i, value] of image.data.entries()) {
    if (i % 3 >= shape.channels) continue;
    const position = positionOf(Math.floor(i / 3), image.width, tokenSize);
    grid.tokens[position * shape.channels + (i % 3)]! += (value / 127.5 - 1) / tokenSize ** 2;
  }
  grid.known.fill(1);
  return grid;
}

/** The token that a pixel lies in. */
function positionOf(pixel: number, width: number, tokenSize: number): number {
  const row = Math.floor(pixel / width / tokenSize);
  return (row * width) / tokenSize + Math.floor((pixel % width) / tokenSize);
}
