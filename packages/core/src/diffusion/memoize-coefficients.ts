import { type DiffusionProcess, marDiffusion } from './diffusion-process.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import type { SamplerCoefficients } from './sampler-coefficients.js';

/** The sampler that makes each model's coefficients once. */
export function memoizeCoefficients(
  make: (respacing: number | string, diffusion: DiffusionProcess) => SamplerCoefficients,
): CoefficientsSampler {
  const made = new WeakMap<DiffusionProcess, Map<string, SamplerCoefficients>>();
  return (respacing, diffusion = marDiffusion()) => {
    const known = made.get(diffusion) ?? new Map<string, SamplerCoefficients>();
    made.set(diffusion, known);
    const coefficients = known.get(`${respacing}`) ?? make(respacing, diffusion);
    known.set(`${respacing}`, coefficients);
    return coefficients;
  };
}
