import { epsilonSchedule } from './diffusion-process.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import { memoizeCoefficients } from './memoize-coefficients.js';
import { assertMaxTimestep, respacedSchedule } from './respaced-schedule.js';

/**
 * Ancestral sampling with learned variance, MAR's own: x' = c1·x0 + c2·x + σ·noise, log σ² between the posterior's
 * (v = −1) and log β (v = 1), and no noise at the last step (Nichol & Dhariwal 2021, equations 10, 11 and 15).
 *
 * @param options.maxTimestep kept timesteps above it are moved down to it and merged, so that a few-step chain does not
 *   start where it amplifies every error of ε (DiSA: 950). There may then be fewer steps. @default the last one, 999 of
 *   MAR's
 * @throws InvalidOptionError unless it is an integer from 1; from the sampler, where the model has no such timestep
 * @example
 * await generateImages({ model, requests, sampler: ancestralSampler({ maxTimestep: 950 }) });
 */
export function ancestralSampler(options: { readonly maxTimestep?: number } = {}): CoefficientsSampler {
  const { maxTimestep } = options;
  assertMaxTimestep(maxTimestep);
  const { fround } = Math;
  return memoizeCoefficients((respacing, diffusion) => {
    const schedule = respacedSchedule(respacing, {
      schedule: epsilonSchedule('ancestralSampler()', diffusion),
      maxTimestep,
    });
    const steps = schedule.timesteps.map((timestep, i) => ({
      timestep,
      xStart: {
        x: fround(schedule.sqrtRecipAlphasCumprod[i]!),
        output: fround(schedule.sqrtRecipM1AlphasCumprod[i]!),
      },
      update: {
        x: fround(schedule.posteriorMeanCoef2[i]!),
        xStart: fround(schedule.posteriorMeanCoef1[i]!),
        previousXStarts: [],
      },
      noise:
        i === 0
          ? ({ kind: 'none' } as const)
          : ({
              kind: 'learned',
              minLogVariance: fround(schedule.posteriorLogVarianceClipped[i]!),
              maxLogVariance: fround(schedule.logBetas[i]!),
            } as const),
    }));
    const limit = maxTimestep === undefined ? '' : ` ≤ ${maxTimestep}`;
    return { name: `ancestral ${respacing}${limit}`, steps: steps.reverse() };
  });
}
