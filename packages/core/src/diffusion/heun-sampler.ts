import type { CoefficientsSampler } from './diffusion-sampler.js';
import { eulerUpdate } from './euler-sampler.js';
import { memoizeCoefficients } from './memoize-coefficients.js';
import { assertMaxTimestep } from './respaced-schedule.js';
import type { DiffusionStep } from './sampler-coefficients.js';
import { solverLevels } from './solver-levels.js';

/**
 * Heun's method on the probability-flow ODE, of second order (Karras et al. 2022, algorithm 1 without churn): an Euler step
 * to the next noise level, an evaluation there, and the step again with the mean of both outputs. The last step is Euler's.
 * n steps take 2n − 1 evaluations of the head. It draws no noise; the temperature scales the noise that it starts from.
 *
 * @param options.maxTimestep as of {@link ddimSampler}, for models that predict ε alone
 * @throws InvalidOptionError where it is out of range; from the sampler, where the model has no such timestep or can't
 *   take as many steps
 * @example
 * await generateImages({ model, requests, policy: randomOrder({ diffusionSteps: 10 }), sampler: heunSampler() });
 */
export function heunSampler(options: { readonly maxTimestep?: number } = {}): CoefficientsSampler {
  assertMaxTimestep(options.maxTimestep);
  return memoizeCoefficients((respacing, diffusion) => {
    const { levels, end } = solverLevels(respacing, diffusion, options);
    const noise = { kind: 'none' } as const;
    const steps = levels.flatMap((level, i): DiffusionStep[] => {
      const next = levels[i + 1];
      const { timestep, xStart } = level;
      const euler = { timestep, xStart, update: eulerUpdate(level, next ?? end), noise };
      if (!next) return [euler];
      // The mean of both outputs in place of the first one moves x by this much of x0 − x0_previous.
      const correction = Math.fround((next.scale * (level.sigma / next.sigma - 1)) / 2);
      const update = { x: 1, xStart: correction, previousXStarts: [-correction] };
      return [euler, { timestep: next.timestep, xStart: next.xStart, update, noise }];
    });
    return { name: `heun ${respacing}`, prediction: diffusion.prediction, steps, temperedStart: true };
  });
}
