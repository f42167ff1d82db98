import type { NoiseLevel } from './diffusion-process.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import { memoizeCoefficients } from './memoize-coefficients.js';
import { assertMaxTimestep } from './respaced-schedule.js';
import type { DiffusionStep } from './sampler-coefficients.js';
import { solverLevels } from './solver-levels.js';

/**
 * Euler's method on the probability-flow ODE, of first order: x ← x + (σ' − σ)·v for models that predict velocity. For
 * models that predict ε it is DDIM with η = 0. It draws no noise; the temperature scales the noise that it starts from.
 *
 * @param options.maxTimestep as of {@link ddimSampler}, for models that predict ε alone
 * @throws InvalidOptionError where it is out of range; from the sampler, where the model has no such timestep or can't
 *   take as many steps
 * @example
 * await generateImages({ model, requests, policy: randomOrder({ diffusionSteps: 25 }), sampler: eulerSampler() });
 */
export function eulerSampler(options: { readonly maxTimestep?: number } = {}): CoefficientsSampler {
  assertMaxTimestep(options.maxTimestep);
  return memoizeCoefficients((respacing, diffusion) => {
    const { levels, end } = solverLevels(respacing, diffusion, options);
    const { prediction } = diffusion;
    const steps = levels.map(
      (level, i): DiffusionStep => ({
        timestep: level.timestep,
        xStart: level.xStart,
        update: eulerUpdate(level, levels[i + 1] ?? end),
        noise: { kind: 'none' },
      }),
    );
    return { name: `euler ${respacing}`, prediction, steps, temperedStart: true };
  });
}

/** x ← x + (σ' − σ)·output in x / scale, with the output taken from x and x0. */
export function eulerUpdate(from: NoiseLevel, to: NoiseLevel): DiffusionStep['update'] {
  const ratio = to.sigma / from.sigma;
  return {
    x: Math.fround((to.scale / from.scale) * ratio),
    xStart: Math.fround(to.scale * (1 - ratio)),
    previousXStarts: [],
  };
}
