import { assertInteger, assertNumber, InvalidOptionError } from '../errors.js';
import { epsilonSchedule } from './diffusion-process.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import { memoizeCoefficients } from './memoize-coefficients.js';
import type { DiffusionStep } from './sampler-coefficients.js';

/**
 * DPM-Solver++ (Lu et al. 2022, algorithm 2, "2M"), a multistep solver for few steps: 8 to 14 do where the ancestral chain
 * takes 50 to 100. It works on x0 in the log-SNR λ = log(√ᾱ/√(1 − ᾱ)), and solves the probability-flow ODE or, with
 * `stochastic`, the reverse SDE (SDE-DPM-Solver++(2M) of the same paper), which adds noise at each step.
 *
 * The ODE's only noise is what it starts from, so that is what the temperature scales; the SDE's is scaled step by step,
 * as in the ancestral chain. Either multiplies the deviation of normally distributed data by it.
 *
 * The steps are the training timesteps nearest to λ's spread evenly from `minLogSnr` to timestep 0, whose own place goes
 * to no step: the last step takes x0 as it is, which ends the chain one interval earlier at no loss and spaces the
 * others more densely.
 *
 * @param options.minLogSnr λ of the noisiest step, −10 … 0; −5.1 leaves out the timesteps from 996 (eMIGM). @default −5.1
 * @param options.order 2 uses the previous step's x0 as well; 1 is DDIM in this spacing, with η = 1 if it is stochastic.
 *   @default 2
 * @param options.stochastic solves the SDE in place of the ODE. @default false
 * @throws InvalidOptionError where `minLogSnr` is not from −10 to 0 or `order` not 1 or 2; from the sampler, unless it is
 *   asked for a step count that fits between the two ends
 * @example
 * const sampler = dpmSolverSampler({ stochastic: true });
 * await generateImages({ model, requests, policy: randomOrder({ diffusionSteps: 10 }), sampler });
 */
export function dpmSolverSampler(
  options: { readonly minLogSnr?: number; readonly order?: 1 | 2; readonly stochastic?: boolean } = {},
): CoefficientsSampler {
  const { minLogSnr = -5.1, order = 2, stochastic = false } = options;
  assertNumber('minLogSnr', minLogSnr, -10, 0);
  assertInteger('order', order, 1, 2);
  const { exp, expm1, fround, sqrt } = Math;
  return memoizeCoefficients((respacing, diffusion) => {
    const { alphasCumprod: alphas } = epsilonSchedule('dpmSolverSampler()', diffusion);
    const lambdas = alphas.map((alpha) => Math.log(alpha / (1 - alpha)) / 2);
    const count = Number(respacing);
    const most = lambdas.findLastIndex((lambda) => lambda >= minLogSnr) + 1;
    if (respacing === '' || !Number.isInteger(count) || count < 1 || count > most) {
      throw new InvalidOptionError(
        'respacing',
        respacing,
        `DPM-Solver++ takes a step count from 1 to ${most}`,
      );
    }
    const timesteps = spaceByLogSnr(lambdas, most - 1, count);
    const steps = timesteps.map((timestep, i): DiffusionStep => {
      const alpha = alphas[timestep]!;
      const xStart = { x: fround(sqrt(1 / alpha)), output: fround(sqrt(1 / alpha - 1)) };
      const next = timesteps[i + 1];
      if (next === undefined) {
        return {
          timestep,
          xStart,
          update: { x: 0, xStart: 1, previousXStarts: [] },
          noise: { kind: 'none' },
        };
      }
      const h = lambdas[next]! - lambdas[timestep]!;
      const gain = -sqrt(alphas[next]!) * expm1(stochastic ? -2 * h : -h);
      // 1/(2r), r = the previous interval ÷ this one: x0 is extrapolated to the interval's middle.
      const ahead = i > 0 && order === 2 ? h / (lambdas[timestep]! - lambdas[timesteps[i - 1]!]!) / 2 : 0;
      return {
        timestep,
        xStart,
        update: {
          x: fround(sqrt((1 - alphas[next]!) / (1 - alpha)) * (stochastic ? exp(-h) : 1)),
          xStart: fround(gain * (1 + ahead)),
          previousXStarts: ahead === 0 ? [] : [fround(-gain * ahead)],
        },
        noise: stochastic
          ? { kind: 'fixed', sigma: fround(sqrt((alphas[next]! - 1) * expm1(-2 * h))) }
          : { kind: 'none' },
      };
    });
    const name = `${stochastic ? 'sde-' : ''}dpm-solver++ ${order === 2 ? '2M' : '1'} ${respacing}`;
    return stochastic ? { name, steps } : { name, steps, temperedStart: true };
  });
}

/** `count` distinct timesteps, descending from `first`, nearest to evenly spread λ. */
function spaceByLogSnr(lambdas: Float64Array, first: number, count: number): number[] {
  const timesteps: number[] = [];
  const stride = (lambdas[0]! - lambdas[first]!) / count;
  let timestep = first;
  for (let i = 0; i < count; i++) {
    const lambda = lambdas[first]! + i * stride;
    // λ falls with the timestep: walk down while the next one is nearer.
    while (timestep > 0 && Math.abs(lambdas[timestep - 1]! - lambda) < Math.abs(lambdas[timestep]! - lambda))
      timestep--;
    // Near both ends a timestep spans more than one stride: then the nearest free one, leaving room for the rest.
    timestep = Math.max(Math.min(timestep, (timesteps.at(-1) ?? first + 1) - 1), count - 1 - i);
    timesteps.push(timestep);
  }
  return timesteps;
}
