import type { Prediction } from './diffusion-process.js';

/** The noise that a diffusion step adds, before the temperature. */
export type StepNoise =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly sigma: number }
  /** log σ² = f·maxLogVariance + (1 − f)·minLogVariance, f = (v + 1)/2 with v the head's second output. */
  | { readonly kind: 'learned'; readonly minLogVariance: number; readonly maxLogVariance: number };

/**
 * One evaluation of the head and what follows from it, as coefficients:
 *
 * ```text
 * x0 = xStart.x · x − xStart.output · output                              then clamped, if asked
 * x' = update.x · x + update.xStart · x0 + Σ update.previousXStarts[k] · x0_(k + 1 evaluations ago) + σ · temperature · noise
 * ```
 *
 * `output` is ε or the velocity, after guidance. The earlier x0s make multistep solvers of any order. A Runge–Kutta step
 * fits as well, an evaluation a row: x before the step follows from x' and the x0s.
 * All numbers are float32 values: computed in float64 and rounded once.
 */
export interface DiffusionStep {
  /** The timestep that the head is given: 0 … N − 1 for ε, σ · `trainSteps` for velocity. */
  readonly timestep: number;
  readonly xStart: { readonly x: number; readonly output: number };
  readonly update: {
    readonly x: number;
    readonly xStart: number;
    /** Factors of the earlier x0s, the last evaluation's first; none before the first evaluation. */
    readonly previousXStarts: readonly number[];
  };
  readonly noise: StepNoise;
}

/** The evaluations of one sampler run, noisiest first. Plain data: it can be posted to a worker or stored. */
export interface SamplerCoefficients {
  /** Sampler and respacing, e.g. `ancestral 100`. */
  readonly name: string;
  /** What the head must predict for them. @default 'epsilon' */
  readonly prediction?: Prediction;
  readonly steps: readonly DiffusionStep[];
  /** Whether the temperature scales the noise that the run starts from as well. @default false, as in MAR */
  readonly temperedStart?: boolean;
}
