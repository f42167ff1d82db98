import type { CancellationSignal } from '../cancellation.js';
import type { DiffusionProcess, NoiseLevel } from './diffusion-process.js';

/** What the head predicts for m tokens of C channels, after guidance. */
export interface HeadPrediction extends NoiseLevel {
  /** [m, C], the clean tokens x0 = x / scale − σ · output, within the clamp. */
  readonly xStart: Float32Array;
  /** [m, C], ε or the velocity; under a clamp the one that leads to `xStart`. */
  readonly output: Float32Array;
  /** [m, C], v of the learned variance, about −1 … 1. Models that predict velocity have none. */
  readonly variance?: Float32Array;
}

/** What a {@link SamplerFunction} may use besides x and the head. */
export interface SamplerContext {
  /** The model's, for `solverLevels` and `noiseLevel`. */
  readonly diffusion: DiffusionProcess;
  /** The diffusion steps that the plan gives the tokens; a function with adaptive steps may ignore them. */
  readonly diffusionSteps: number;
  /** C. */
  readonly channels: number;
  /** Factor of the noise that the function adds. */
  readonly temperature: number;
  /**
   * Standard normals [m, C], the same for the same step. Each step's are independent of all others and of the initial x.
   *
   * @param step an integer from 1; use each for one purpose
   */
  noise(step: number): Float32Array;
  readonly signal?: CancellationSignal | undefined;
}

/**
 * Evaluates the head on noisy tokens.
 *
 * @param x [m, C]
 * @param timestep 0 … N − 1 for ε, σ · `trainSteps` for velocity
 */
export type EvaluateHead = (x: Float32Array, timestep: number) => Promise<HeadPrediction>;

/** A sampler as a function, for what no coefficients can express. */
export interface SamplerFunction {
  readonly name: string;
  /**
   * @param x [m, C], standard normal: the tokens of one image that are decoded together
   * @returns [m, C], the sampled tokens
   */
  readonly run: (
    x: Float32Array,
    evaluate: EvaluateHead,
    context: SamplerContext,
  ) => Float32Array | Promise<Float32Array>;
}

/**
 * A sampler of one function: adaptive steps, dynamic thresholding, or anything else that decides by what the head predicts.
 * It runs beside the caller, image by image, and each evaluation is a call of the model; behind a worker x goes there and
 * the prediction comes back, the conditions stay. Coefficients are faster where they suffice.
 *
 * @param name a name for errors and reports
 *
 * @example
 * ```ts
 * const midpoint = functionSampler('midpoint', async (x, evaluate, { diffusion, diffusionSteps }) => {
 *   const { levels, end } = solverLevels(diffusionSteps, diffusion);
 *   for (const [i, level] of levels.entries()) {
 *     const { output } = await evaluate(x, level.timestep);
 *     const next = levels[i + 1] ?? end;
 *     x = x.map((value, k) => next.scale * (value / level.scale + (next.sigma - level.sigma) * output[k]!));
 *   }
 *   return x;
 * });
 * ```
 */
export function functionSampler(name: string, run: SamplerFunction['run']): () => SamplerFunction {
  const sampler = { name, run };
  return () => sampler;
}
