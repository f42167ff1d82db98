import type { DiffusionProcess } from './diffusion-process.js';
import type { SamplerFunction } from './function-sampler.js';
import type { SamplerCoefficients } from './sampler-coefficients.js';

/**
 * What samples the diffusion head.
 *
 * @param respacing a step count, or a respacing string (`"30,20"` sections, `"ddim50"`) where the sampler takes one
 * @param diffusion the model's
 * @returns coefficients, which run inside the model, or a function, which runs beside it; the same for the same arguments
 * @throws UnsupportedPredictionError where it can't sample such a model; InvalidOptionError where it can't take as many
 * steps
 */
export type DiffusionSampler = (
  respacing: number | string,
  diffusion: DiffusionProcess,
) => SamplerCoefficients | SamplerFunction;

/** A sampler for one diffusion process. */
export type BoundSampler = (diffusionSteps: number) => SamplerCoefficients | SamplerFunction;

/** A sampler that is coefficients alone. */
export type CoefficientsSampler = (
  respacing: number | string,
  /** @default marDiffusion() */
  diffusion?: DiffusionProcess,
) => SamplerCoefficients;

/** Whether a run is coefficients, not a function. */
export function isCoefficients(run: SamplerCoefficients | SamplerFunction): run is SamplerCoefficients {
  return 'steps' in run;
}
