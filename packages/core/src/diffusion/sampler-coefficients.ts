/** The noise that a diffusion step adds, before the temperature. */
export type StepNoise =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly sigma: number }
  /** log σ² = f·maxLogVariance + (1 − f)·minLogVariance, f = (v + 1)/2 with v the head's second output. */
  | { readonly kind: 'learned'; readonly minLogVariance: number; readonly maxLogVariance: number };

/**
 * One step of any sampler, as coefficients:
 *
 * ```text
 * x0 = xStart.x · x − xStart.epsilon · ε                                  then clamped, if asked
 * x' = update.x · x + update.xStart · x0 + update.previousXStart · x0_previous + σ · temperature · noise
 * ```
 *
 * All numbers are float32 values: computed in float64 and rounded once.
 */
export interface DiffusionStep {
  /** The original training timestep, 0 … 999, that the head is told. */
  readonly timestep: number;
  readonly xStart: { readonly x: number; readonly epsilon: number };
  readonly update: { readonly x: number; readonly xStart: number; readonly previousXStart: number };
  readonly noise: StepNoise;
}

/** The steps of one sampler run, noisiest first. Plain data: it can be posted to a worker or stored. */
export interface SamplerCoefficients {
  /** Sampler and respacing, e.g. `ancestral 100`. */
  readonly name: string;
  readonly steps: readonly DiffusionStep[];
  /** Whether the temperature scales the noise that the run starts from as well. @default false, as in MAR */
  readonly temperedStart?: boolean;
}

/**
 * Makes the table for a step count, or for a respacing string (`"30,20"` sections, `"ddim50"`).
 * Repeated calls with the same argument return the same table.
 */
export type DiffusionSampler = (respacing: number | string) => SamplerCoefficients;
