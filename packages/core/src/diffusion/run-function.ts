import { type CancellationSignal, throwIfAborted } from '../cancellation.js';
import { assertInteger, assertShape } from '../errors.js';
import type { Clamp } from '../model.js';
import { type DiffusionProcess, noiseLevel } from './diffusion-process.js';
import type { HeadPrediction, SamplerFunction } from './function-sampler.js';
import { samplerStep } from './sampler-step.js';

/** A run of {@link runFunction} on m tokens of C channels. */
export interface FunctionRun {
  readonly diffusion: DiffusionProcess;
  readonly diffusionSteps: number;
  /** m. */
  readonly count: number;
  /** C. */
  readonly channels: number;
  /** The head: x [m, C] → rows as `samplerStep` takes them. */
  evaluate(x: Float32Array, timestep: number): Promise<Float32Array>;
  /** Fills `out` [m, C] with the noise of a step, 0 for the initial x. */
  noise(step: number, out: Float32Array): void;
  /** [m], the scales at a timestep. */
  guidanceScale(timestep: number): ArrayLike<number>;
  readonly temperature: number;
  readonly clamp?: Clamp | undefined;
  readonly signal?: CancellationSignal | undefined;
}

/**
 * Runs a sampler's function on a head.
 *
 * @returns [m, C], the sampled tokens
 * @throws ShapeMismatchError where the function passes or returns an array of another length than x
 * @throws the signal's reason, checked before each evaluation; whatever the function and `evaluate` throw
 */
export async function runFunction(sampler: SamplerFunction, run: FunctionRun): Promise<Float32Array> {
  const { diffusion, diffusionSteps, count, channels, temperature, signal } = run;
  const drawn = (step: number): Float32Array => {
    const out = new Float32Array(count * channels);
    run.noise(step, out);
    return out;
  };
  const tokens = await sampler.run(
    drawn(0),
    async (x, timestep) => {
      assertShape(`x [m, C] of ${sampler.name}`, x, [count, channels]);
      // An impossible timestep is refused before the head runs.
      noiseLevel(timestep, diffusion);
      throwIfAborted(signal);
      return headPrediction(run, x, timestep, await run.evaluate(x, timestep));
    },
    {
      diffusion,
      diffusionSteps,
      channels,
      temperature,
      signal,
      noise(step) {
        assertInteger('step', step, 1);
        return drawn(step);
      },
    },
  );
  assertShape(`tokens [m, C] of ${sampler.name}`, tokens, [count, channels]);
  return tokens;
}

/** The head's rows after guidance, as x0 and as the output that leads to it. */
function headPrediction(
  { diffusion, channels, guidanceScale, clamp }: FunctionRun,
  before: Float32Array,
  timestep: number,
  rows: Float32Array,
): HeadPrediction {
  const { prediction } = diffusion;
  const { scale, sigma } = noiseLevel(timestep, diffusion);
  const scales = guidanceScale(timestep);
  const combined = (xStart: { x: number; output: number }, limits?: Clamp): Float32Array => {
    const x = before.slice();
    const step = {
      timestep,
      xStart,
      update: { x: 0, xStart: 1, previousXStarts: [] },
      noise: { kind: 'none' } as const,
    };
    const rest = { xStarts: [], output: rows, guidanceScale: scales, temperature: 0 };
    samplerStep({ step, prediction, channels, x, ...rest, clamp: limits });
    return x;
  };
  const xStart = combined({ x: 1 / scale, output: sigma }, clamp);
  const output =
    clamp === undefined || sigma === 0
      ? combined({ x: 0, output: -1 })
      : xStart.map((start, i) => (before[i]! / scale - start) / sigma);
  if (prediction !== 'epsilon') return { scale, sigma, xStart, output };
  const variance = before.map(
    (_, i) => rows[Math.floor(i / channels) * 2 * channels + channels + (i % channels)]!,
  );
  return { scale, sigma, xStart, output, variance };
}
