import { assertInteger, InvalidOptionError } from '../errors.js';
import { cosineNoiseSchedule, cumulativeProduct, type NoiseSchedule } from './noise-schedule.js';
import { respaceTimesteps } from './respace-timesteps.js';

/**
 * A run over some of the training timesteps; ascending timesteps, all float64 [n], all recomputed from the run's own β.
 * Names follow the reference: x_t = √ᾱ·x0 + √(1 − ᾱ)·ε.
 */
export interface RespacedSchedule {
  /** The kept training timesteps, the head's input. */
  readonly timesteps: readonly number[];
  /** β' = 1 − ᾱ/ᾱ_previous over the kept timesteps. */
  readonly betas: Float64Array;
  readonly logBetas: Float64Array;
  readonly alphasCumprod: Float64Array;
  /** ᾱ of the next less noisy kept timestep; 1 for the first. */
  readonly alphasCumprodPrevious: Float64Array;
  /** √(1/ᾱ) */
  readonly sqrtRecipAlphasCumprod: Float64Array;
  /** √(1/ᾱ − 1) */
  readonly sqrtRecipM1AlphasCumprod: Float64Array;
  /** Factor of x0 in the mean of q(x_previous | x, x0). */
  readonly posteriorMeanCoef1: Float64Array;
  /** Factor of x in the mean of q(x_previous | x, x0). */
  readonly posteriorMeanCoef2: Float64Array;
  readonly posteriorVariance: Float64Array;
  /** log of the posterior variance, where the first, which is 0, is replaced by the second. */
  readonly posteriorLogVarianceClipped: Float64Array;
}

/**
 * The schedule of a shorter run.
 *
 * @param respacing see {@link respaceTimesteps}
 * @param options.schedule of the training. @default cosineNoiseSchedule()
 * @param options.maxTimestep kept timesteps above it are moved down to it and merged. DiSA takes 950 of MAR's 1000, which
 *   avoids the end where √(1/ᾱ), and with it every error of ε, is large: 20,291 at 999, 71 at 990, 13 at 950.
 *   @default the last one
 * @throws InvalidOptionError where the respacing is not possible or fewer than two timesteps are left
 */
export function respacedSchedule(
  respacing: number | string,
  options: { readonly schedule?: NoiseSchedule; readonly maxTimestep?: number | undefined } = {},
): RespacedSchedule {
  const { alphasCumprod: trained } = options.schedule ?? cosineNoiseSchedule();
  const { maxTimestep = trained.length - 1 } = options;
  assertMaxTimestep(maxTimestep, trained.length - 1);
  const kept = respaceTimesteps(respacing, trained.length).map((timestep) => Math.min(timestep, maxTimestep));
  const timesteps = [...new Set(kept)];
  if (timesteps.length < 2)
    throw new InvalidOptionError('maxTimestep', maxTimestep, 'leaves a single timestep');
  const betas = Float64Array.from(
    timesteps,
    (timestep, i) => 1 - trained[timestep]! / (i ? trained[timesteps[i - 1]!]! : 1),
  );
  const alphasCumprod = cumulativeProduct(betas);
  const alphasCumprodPrevious = alphasCumprod.map((_, i) => (i ? alphasCumprod[i - 1]! : 1));
  const posteriorVariance = betas.map(
    (beta, i) => (beta * (1 - alphasCumprodPrevious[i]!)) / (1 - alphasCumprod[i]!),
  );
  return {
    timesteps,
    betas,
    logBetas: betas.map(Math.log),
    alphasCumprod,
    alphasCumprodPrevious,
    sqrtRecipAlphasCumprod: alphasCumprod.map((alpha) => Math.sqrt(1 / alpha)),
    sqrtRecipM1AlphasCumprod: alphasCumprod.map((alpha) => Math.sqrt(1 / alpha - 1)),
    posteriorMeanCoef1: betas.map(
      (beta, i) => (beta * Math.sqrt(alphasCumprodPrevious[i]!)) / (1 - alphasCumprod[i]!),
    ),
    posteriorMeanCoef2: betas.map(
      (beta, i) => ((1 - alphasCumprodPrevious[i]!) * Math.sqrt(1 - beta)) / (1 - alphasCumprod[i]!),
    ),
    posteriorVariance,
    posteriorLogVarianceClipped: posteriorVariance.map((_, i) =>
      Math.log(posteriorVariance[Math.max(i, 1)]!),
    ),
  };
}

/**
 * Throws InvalidOptionError unless a chain can start at `maxTimestep`.
 *
 * @param last the last training timestep. @default not checked, as it is the model's
 */
export function assertMaxTimestep(maxTimestep: number | undefined, last?: number): void {
  if (maxTimestep !== undefined) assertInteger('maxTimestep', maxTimestep, 1, last);
}
