import { type CancellationSignal, throwIfAborted } from '../cancellation.js';
import { samplerStep } from '../diffusion/sampler-step.js';
import {
  assertInteger,
  assertShape,
  InvalidOptionError,
  ModelDisposedError,
  ShapeMismatchError,
} from '../errors.js';
import { copyGrid, emptyGrid, type GridShape, type TokenGrid } from '../grid.js';
import type { ImageRgb } from '../image.js';
import type { ClassInput, MaskedModel, SamplingDefaults, TokenImage, TokenRequest } from '../model.js';
import { fillTokenNoise } from '../noise/token-noise.js';
import { fakeConditions } from './fake-conditions.js';

export interface FakeModelOptions {
  readonly shape: GridShape;
  /** D: the width of the conditions. @default 16 */
  readonly width?: number;
  /** The side of a token in pixels. @default 1 */
  readonly tokenSize?: number;
  /** What the model advises. @default nothing */
  readonly defaults?: SamplingDefaults;
}

/** How often a fake model was asked, and for how much. */
export interface FakeModelCalls {
  condition: number;
  /** Rows of conditions, conditional and unconditional ones. */
  conditionRows: number;
  sampleTokens: number;
  /** Rows that the head was evaluated on: tokens × steps of the sampler, twice if guided. */
  headEvaluations: number;
  decode: number;
  encode: number;
}

export interface FakeModel extends MaskedModel<ClassInput> {
  readonly calls: Readonly<FakeModelCalls>;
}

/**
 * A model of simple arithmetic for tests, which keeps every promise of `MaskedModel`: z depends on the position, the
 * label and the known tokens alone; the head's ε is the one that leads to x0 = tanh(z) + sin(x)/10; a token is a pixel.
 */
export function fakeModel({ shape, width = 16, tokenSize = 1, defaults }: FakeModelOptions): FakeModel {
  assertInteger('width', width, 1);
  assertInteger('tokenSize', tokenSize, 1);
  const { known } = emptyGrid(shape);
  const calls: FakeModelCalls = {
    condition: 0,
    conditionRows: 0,
    sampleTokens: 0,
    headEvaluations: 0,
    decode: 0,
    encode: 0,
  };
  let disposed = false;

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
    calls,
    async condition({ batch, signal }) {
      await turn(signal);
      calls.condition++;
      return batch.map((image) => {
        if (image.input?.classLabel === undefined)
          throw new InvalidOptionError('input', image.input, 'must be { classLabel }, a number or null');
        assertShape('grid.known [L]', image.grid.known, [known.length]);
        calls.conditionRows += image.positions.length * (image.guided ? 2 : 1);
        return fakeConditions(image, width);
      });
    },
    async sampleTokens(request) {
      await turn(request.signal);
      calls.sampleTokens++;
      const sampled: Float32Array[] = [];
      for (const image of request.batch) {
        const heads = [await targets(image, 'read', shape.channels)];
        if (image.conditions.guided) heads.push(await targets(image, 'readUnconditional', shape.channels));
        const evaluated = async (): Promise<void> => {
          await turn(request.signal);
          calls.headEvaluations += image.rows.length * heads.length;
        };
        sampled.push(await denoise(image, heads, request, shape.channels, evaluated));
      }
      return sampled;
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

/** tanh(z), which the head leads each of an image's tokens to, [m, C]. */
async function targets(
  { conditions, rows }: TokenImage,
  half: 'read' | 'readUnconditional',
  channels: number,
): Promise<Float32Array> {
  const z = await conditions[half]();
  const { width } = conditions;
  return Float32Array.from({ length: rows.length * channels }, (_, i) => {
    const row = rows[Math.floor(i / channels)]!;
    return Math.tanh(z[row * width + ((i % channels) % width)]!);
  });
}

async function denoise(
  image: TokenImage,
  heads: readonly Float32Array[],
  { coefficients, temperature, clamp }: TokenRequest,
  channels: number,
  evaluated: () => Promise<void>,
): Promise<Float32Array> {
  const x = new Float32Array(image.rows.length * channels);
  const noise = new Float32Array(x.length);
  const xStart = new Float32Array(x.length);
  const output = new Float32Array(heads.length * 2 * x.length);
  const guidanceScale = new Float32Array(image.rows.length).fill(image.guidanceScale);
  fillTokenNoise([image], 0, channels, x);
  if (coefficients.temperedStart) for (const i of x.keys()) x[i]! *= temperature;
  for (const [index, step] of coefficients.steps.entries()) {
    await evaluated();
    for (const [half, head] of heads.entries()) {
      for (const [i, target] of head.entries()) {
        const row = half * image.rows.length + Math.floor(i / channels);
        const aim = target + Math.sin(x[i]!) / 10;
        output[row * 2 * channels + (i % channels)] = (step.xStart.x * x[i]! - aim) / step.xStart.epsilon;
      }
    }
    if (step.noise.kind !== 'none') fillTokenNoise([image], index + 1, channels, noise);
    samplerStep({ step, channels, x, xStart, output, guidanceScale, noise, temperature, clamp });
  }
  return x;
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
