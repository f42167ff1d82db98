import { assertNumber } from '../errors.js';
import { epsilonSchedule } from './diffusion-process.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import { memoizeCoefficients } from './memoize-coefficients.js';
import { assertMaxTimestep, respacedSchedule } from './respaced-schedule.js';

/**
 * DDIM (Song et al. 2021, equations 12 and 16). ε is taken anew from x and the clamped x0. With η = 0 no noise is drawn,
 * and the temperature has no effect.
 *
 * @param options.eta the noise's share, 0 (deterministic) … 1 (the ancestral chain's smaller variance). @default 0
 * @param options.maxTimestep kept timesteps above it are moved down to it and merged. From 999, MAR's last, an error of ε
 *   is amplified 20,291 times. @default 95 % of the training timesteps, 950 of MAR's
 * @throws InvalidOptionError where an option is out of range; from the sampler, where the model has no such timestep
 * @example
 * await generateImages({ model, requests, policy: randomOrder({ diffusionSteps: 20 }), sampler: ddimSampler() });
 */
export function ddimSampler(
  options: { readonly eta?: number; readonly maxTimestep?: number } = {},
): CoefficientsSampler {
  const { eta = 0 } = options;
  assertNumber('eta', eta, 0, 1);
  assertMaxTimestep(options.maxTimestep);
  const { fround, sqrt } = Math;
  return memoizeCoefficients((respacing, diffusion) => {
    const training = epsilonSchedule('ddimSampler()', diffusion);
    const count = training.betas.length;
    const { maxTimestep = Math.floor(0.95 * count) } = options;
    const schedule = respacedSchedule(respacing, { schedule: training, maxTimestep });
    const steps = schedule.timesteps.map((timestep, i) => {
      const alpha = schedule.alphasCumprod[i]!;
      const previous = schedule.alphasCumprodPrevious[i]!;
      const sigma = eta * sqrt(((1 - previous) / (1 - alpha)) * (1 - alpha / previous));
      // √(1 − ᾱ_previous − σ²)·ε with ε = (x − √ᾱ·x0)/√(1 − ᾱ)
      const x = sqrt(1 - previous - sigma * sigma) / sqrt(1 - alpha);
      return {
        timestep,
        xStart: {
          x: fround(schedule.sqrtRecipAlphasCumprod[i]!),
          output: fround(schedule.sqrtRecipM1AlphasCumprod[i]!),
        },
        update: { x: fround(x), xStart: fround(sqrt(previous) - x * sqrt(alpha)), previousXStarts: [] },
        noise: sigma === 0 ? ({ kind: 'none' } as const) : ({ kind: 'fixed', sigma: fround(sigma) } as const),
      };
    });
    const name = [`ddim ${respacing}`];
    if (eta !== 0) name.push(`eta ${eta}`);
    if (maxTimestep < count - 1) name.push(`≤ ${maxTimestep}`);
    return { name: name.join(' '), steps: steps.reverse() };
  });
}
