import { type CancellationSignal, throwIfAborted } from '../cancellation.js';
import { type DiffusionProcess, marDiffusion, noiseLevel } from '../diffusion/diffusion-process.js';
import { runCoefficients } from '../diffusion/run-coefficients.js';
import { assertInteger, assertShape, ModelDisposedError } from '../errors.js';
import { copyGrid, emptyGrid, type GridShape, gridLength, type TokenGrid } from '../grid.js';
import type { ImageRgb } from '../image.js';
import type { ClassInput, HeadRequest, MaskedModel } from '../model.js';
import { fillTokenNoise } from '../noise/token-noise.js';
import { fakeConditions } from './fake-conditions.js';

export interface FakeModelOptions {
  readonly shape: GridShape;
  /** D: the width of the conditions. @default 16 */
  readonly width?: number;
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
  /** Tokens × evaluations of the head. */
  headEvaluations: number;
  decode: number;
}

export interface FakeModel extends MaskedModel<ClassInput> {
  readonly diffusion: DiffusionProcess;
  evaluateHead(request: HeadRequest): Promise<readonly Float32Array[]>;
  readonly calls: Readonly<FakeModelCalls>;
}

/**
 * A model of simple arithmetic for tests, which keeps every promise of `MaskedModel`: z depends on the position, the
 * label and the known tokens alone; the head's ε or velocity leads to x0 = tanh(z) + sin(x)/10; a token is a pixel. It has
 * no model file and no runtime.
 *
 * @throws InvalidOptionError where the width is not an integer ≥ 1
 */
export function fakeModel({ shape, width = 16, diffusion = marDiffusion() }: FakeModelOptions): FakeModel {
  assertInteger('width', width, 1);
  const { known } = emptyGrid(shape);
  const calls: FakeModelCalls = {
    condition: 0,
    conditionRows: 0,
    sampleTokens: 0,
    evaluateHead: 0,
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
    diffusion,
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
    async sampleTokens({ batch, coefficients, temperature, clamp, signal }) {
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
            return headRows(x, targets, coefficients.steps[index]!.timestep, shape.channels, diffusion);
          },
        });
        sampled.push(tokens);
        calls.headEvaluations += count * coefficients.steps.length;
      }
      return sampled;
    },
    async evaluateHead({ batch, timestep, signal }) {
      await turn(signal);
      calls.evaluateHead++;
      const outputs: Float32Array[] = [];
      for (const image of batch) {
        const targets = await headTargets(image, shape.channels);
        outputs.push(headRows(image.x, targets, timestep, shape.channels, diffusion));
        calls.headEvaluations += image.rows.length;
      }
      return outputs;
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
