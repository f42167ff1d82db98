import { assertInteger, assertNumber, TesseraError } from '../errors.js';
import { cosineNoiseSchedule, type NoiseSchedule } from './noise-schedule.js';

/** What a head was trained to predict, and on which noise. Plain data. */
export type DiffusionProcess =
  /** The head's rows are [ε | v], with the variance learned as v (Nichol & Dhariwal 2021). */
  | { readonly prediction: 'epsilon'; readonly schedule: NoiseSchedule }
  /**
   * Flow matching: x = (1 − σ)·x0 + σ·noise, σ from 1 to 0; the head's rows are the velocity noise − x0 (Lipman et al.
   * 2023). The head takes σ · `trainSteps` as its timestep, which may be a fraction.
   */
  | {
      readonly prediction: 'velocity';
      readonly trainSteps: number;
      /** σ at the end of a run of two or more steps; diffusers' scheduler ends at 1 / `trainSteps`. @default 0 */
      readonly finalSigma?: number;
      /**
       * In runs of these numbers of steps the head is given its timesteps without their fractions, and σ stays as it is.
       * Nitro-AR's code does so at 2, that of its joint variant at all. @default []
       */
      readonly wholeTimesteps?: readonly number[] | 'all';
    };

/** `epsilon` or `velocity`. */
export type Prediction = DiffusionProcess['prediction'];

let mar: DiffusionProcess | undefined;

/**
 * The process of MAR's head: ε with learned variance, on the cosine schedule.
 *
 * @returns the same object at each call
 */
export function marDiffusion(): DiffusionProcess {
  mar ??= { prediction: 'epsilon', schedule: cosineNoiseSchedule() };
  return mar;
}

/** A sampler was used with a model whose prediction it can't work on. */
export class UnsupportedPredictionError extends TesseraError {
  static override readonly code = 'unsupported-prediction';
  readonly prediction: Prediction;

  constructor(sampler: string, prediction: Prediction) {
    const hint =
      prediction === 'velocity' ? 'Use eulerSampler() or heunSampler().' : 'Use a sampler for such models.';
    super(
      UnsupportedPredictionError.code,
      `${sampler} can't sample a model that predicts ${prediction}. ${hint}`,
    );
    this.prediction = prediction;
  }
}

/**
 * The schedule of a process whose head predicts ε.
 *
 * @param sampler its name, for the error
 * @throws UnsupportedPredictionError where the head predicts something else
 */
export function epsilonSchedule(sampler: string, diffusion: DiffusionProcess): NoiseSchedule {
  if (diffusion.prediction !== 'epsilon') throw new UnsupportedPredictionError(sampler, diffusion.prediction);
  return diffusion.schedule;
}

/** A noise level: x = scale · (x0 + σ · output), with the output ε or the velocity. At σ = 0, x is x0. */
export interface NoiseLevel {
  /** √ᾱ for ε, 1 for velocity. */
  readonly scale: number;
  /** √(1/ᾱ − 1) for ε; for velocity the flow's own σ, 0 … 1. */
  readonly sigma: number;
}

/**
 * The noise level of a timestep.
 *
 * @param timestep an integer from 0 to N − 1 for ε, a number from 0 to `trainSteps` for velocity
 * @throws InvalidOptionError where there is no such timestep
 */
export function noiseLevel(timestep: number, diffusion: DiffusionProcess): NoiseLevel {
  if (diffusion.prediction === 'velocity') {
    assertNumber('timestep', timestep, 0, diffusion.trainSteps);
    return { scale: 1, sigma: timestep / diffusion.trainSteps };
  }
  const { alphasCumprod } = diffusion.schedule;
  assertInteger('timestep', timestep, 0, alphasCumprod.length - 1);
  const alpha = alphasCumprod[timestep]!;
  return { scale: Math.sqrt(alpha), sigma: Math.sqrt(1 / alpha - 1) };
}

/** Every timestep of the training; for velocity the integer ones. */
export function trainingTimesteps(diffusion: DiffusionProcess): number[] {
  const isEpsilon = diffusion.prediction === 'epsilon';
  const count = isEpsilon ? diffusion.schedule.betas.length : diffusion.trainSteps + 1;
  return Array.from({ length: count }, (_, timestep) => timestep);
}
