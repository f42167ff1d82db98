import { memoizeCoefficients } from './memoize-coefficients.js';
import type { DiffusionSampler } from './sampler-coefficients.js';
import { assertMaxTimestep, respacedSchedule } from './schedule.js';

/**
 * Ancestral sampling with learned variance, MAR's own: x' = c1·x0 + c2·x + σ·noise, log σ² between the posterior's
 * (v = −1) and log β (v = 1), and no noise at the last step (Nichol & Dhariwal 2021, equations 10, 11 and 15).
 *
 * @param options.maxTimestep kept timesteps above it are moved down to it and merged, so that a few-step chain does not
 *   start where it amplifies every error of ε (DiSA: 950). The table may then have fewer steps. @default 999
 * @throws InvalidOptionError where it is not from 1 to 999
 */
export function ancestralSampler(options: { readonly maxTimestep?: number } = {}): DiffusionSampler {
  const { maxTimestep } = options;
  assertMaxTimestep(maxTimestep);
  const { fround } = Math;
  return memoizeCoefficients((respacing) => {
    const schedule = respacedSchedule(respacing, options);
    const steps = schedule.timesteps.map((timestep, i) => ({
      timestep,
      xStart: {
        x: fround(schedule.sqrtRecipAlphasCumprod[i]!),
        epsilon: fround(schedule.sqrtRecipM1AlphasCumprod[i]!),
      },
      update: {
        x: fround(schedule.posteriorMeanCoef2[i]!),
        xStart: fround(schedule.posteriorMeanCoef1[i]!),
        previousXStart: 0,
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
