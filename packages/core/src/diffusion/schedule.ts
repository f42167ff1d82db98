import { assertInteger, InvalidOptionError } from '../errors.js';
import { respaceTimesteps } from './respace.js';

/** The noise schedule of the training steps, noise growing with the index; all float64. */
export interface CosineSchedule {
  /** β, [T]. */
  readonly betas: Float64Array;
  /** ᾱ = ∏(1 − β), [T]. */
  readonly alphasCumprod: Float64Array;
}

/**
 * A run over some of the training steps; ascending timesteps, all float64 [n], all recomputed from the run's own β.
 * Names follow the reference: x_t = √ᾱ·x0 + √(1 − ᾱ)·ε.
 */
export interface RespacedSchedule {
  /** The kept training timesteps; what the head is told. */
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

const TRAIN_STEPS = 1000;

/**
 * The cosine schedule of MAR's head: 1000 steps, β_i = min(1 − ᾱ((i+1)/1000)/ᾱ(i/1000), 0.999) with
 * ᾱ(t) = cos²((t + 0.008)/1.008·π/2) (Nichol & Dhariwal 2021, equation 17).
 */
export function cosineSchedule(): CosineSchedule {
  const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  const betas = Float64Array.from({ length: TRAIN_STEPS }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / TRAIN_STEPS) / alphaBar(i / TRAIN_STEPS), 0.999),
  );
  return { betas, alphasCumprod: cumulativeProduct(betas) };
}

/**
 * The schedule of a shorter run.
 *
 * @param respacing see {@link respaceTimesteps}
 * @param options.maxTimestep kept timesteps above are moved down to it and merged (DiSA: 950), which avoids the end
 *   where √(1/ᾱ), and with it every error of ε, is large: 20,291 at 999, 71 at 990, 13 at 950. @default 999
 * @throws InvalidOptionError where the respacing can't be had or fewer than two timesteps are left
 */
export function respacedSchedule(
  respacing: number | string,
  options: { readonly maxTimestep?: number } = {},
): RespacedSchedule {
  const { maxTimestep = TRAIN_STEPS - 1 } = options;
  assertMaxTimestep(maxTimestep);
  const kept = respaceTimesteps(respacing, TRAIN_STEPS).map((timestep) => Math.min(timestep, maxTimestep));
  const timesteps = [...new Set(kept)];
  if (timesteps.length < 2)
    throw new InvalidOptionError('maxTimestep', maxTimestep, 'leaves a single timestep');
  const trained = cosineSchedule().alphasCumprod;
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

/** Throws InvalidOptionError unless a chain can start at `maxTimestep`. */
export function assertMaxTimestep(maxTimestep = TRAIN_STEPS - 1): void {
  assertInteger('maxTimestep', maxTimestep, 1, TRAIN_STEPS - 1);
}

function cumulativeProduct(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => (product *= 1 - beta));
}
