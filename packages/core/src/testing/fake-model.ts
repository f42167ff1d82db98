import { type CancellationSignal, throwIfAborted } from '../cancellation.js';
import { samplerStep } from '../diffusion/sampler-step.js';
import { assertInteger, assertShape, ModelDisposedError } from '../errors.js';
import { copyGrid, emptyGrid, type GridShape, gridLength, type TokenGrid } from '../grid.js';
import type { ImageRgb } from '../image.js';
import type { ClassInput, MaskedModel, TokenImage, TokenRequest } from '../model.js';
import { fillTokenNoise } from '../noise/token-noise.js';
import { fakeConditions } from './fake-conditions.js';

export interface FakeModelOptions {
  readonly shape: GridShape;
  /** D: the width of the conditions. @default 16 */
  readonly width?: number;
}

/** How often a fake model was asked, and for how much. */
export interface FakeModelCalls {
  condition: number;
  /** Rows of conditions, conditional and unconditional ones. */
  conditionRows: number;
  sampleTokens: number;
  /** Tokens × diffusion steps. */
  headEvaluations: number;
  decode: number;
}

export interface FakeModel extends MaskedModel<ClassInput> {
  readonly calls: Readonly<FakeModelCalls>;
}

/**
 * A model of simple arithmetic for tests, which keeps every promise of `MaskedModel`: z depends on the position, the
 * label and the known tokens alone; the head's ε is the one that leads to x0 = tanh(z) + sin(x)/10; a token is a pixel.
 */
export function fakeModel({ shape, width = 16 }: FakeModelOptions): FakeModel {
  assertInteger('width', width, 1);
  const { known } = emptyGrid(shape);
  const calls: FakeModelCalls = {
    condition: 0,
    conditionRows: 0,
    sampleTokens: 0,
    headEvaluations: 0,
    decode: 0,
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
    calls,
    async condition({ batch, signal }) {
      await turn(signal);
      calls.condition++;
      return batch.map((image) => {
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
        sampled.push(await denoise(image, heads, request, shape.channels, turn));
        calls.headEvaluations += image.rows.length * request.coefficients.steps.length;
      }
      return sampled;
    },
    async decode(grids, options) {
      await turn(options?.signal);
      calls.decode++;
      return grids.map(picture);
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
  { coefficients, temperature, clamp, signal }: TokenRequest,
  channels: number,
  turn: (signal: CancellationSignal | undefined) => Promise<void>,
): Promise<Float32Array> {
  const x = new Float32Array(image.rows.length * channels);
  const noise = new Float32Array(x.length);
  const xStart = new Float32Array(x.length);
  const output = new Float32Array(heads.length * 2 * x.length);
  const guidanceScale = new Float32Array(image.rows.length).fill(image.guidanceScale);
  fillTokenNoise([image], 0, channels, x);
  if (coefficients.temperedStart) for (const i of x.keys()) x[i]! *= temperature;
  for (const [index, step] of coefficients.steps.entries()) {
    await turn(signal);
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

/** A pixel a token: its first three channels, −1 … 1 to 0 … 255; masked ones as 0. */
function picture(grid: TokenGrid): ImageRgb {
  const { shape, tokens, known } = copyGrid(grid);
  const { height, width, channels } = shape;
  const data = new Uint8Array(gridLength(shape) * 3);
  for (const [i] of data.entries()) {
    const position = Math.floor(i / 3);
    const value = known[position] ? tokens[position * channels + Math.min(i % 3, channels - 1)]! : 0;
    data[i] = Math.round(Math.max(0, Math.min(1, (value + 1) / 2)) * 255);
  }
  return { width, height, data };
}
