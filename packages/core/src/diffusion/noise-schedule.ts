import { assertInteger, assertNumber, InvalidOptionError } from '../errors.js';

/** The noise of N training timesteps, growing with the timestep: x_t = √ᾱ·x0 + √(1 − ᾱ)·ε. Plain data, all float64. */
export interface NoiseSchedule {
  /** E.g. `cosine`. */
  readonly name: string;
  /** β, [N]. */
  readonly betas: Float64Array;
  /** ᾱ = ∏(1 − β), [N]. */
  readonly alphasCumprod: Float64Array;
}

let cosine: NoiseSchedule | undefined;

/**
 * The schedule of MAR's head: 1000 timesteps, β_i = min(1 − ᾱ((i+1)/1000)/ᾱ(i/1000), 0.999) with
 * ᾱ(t) = cos²((t + 0.008)/1.008·π/2) (Nichol & Dhariwal 2021, equation 17).
 *
 * @returns the same object at each call
 */
export function cosineNoiseSchedule(): NoiseSchedule {
  const trainSteps = 1000;
  const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  cosine ??= betaNoiseSchedule(
    Float64Array.from({ length: trainSteps }, (_, i) =>
      Math.min(1 - alphaBar((i + 1) / trainSteps) / alphaBar(i / trainSteps), 0.999),
    ),
    'cosine',
  );
  return cosine;
}

/**
 * β grows evenly from `betaStart` to `betaEnd` (Ho et al. 2020, section 4).
 *
 * @param options.trainSteps N. @default 1000
 * @param options.betaStart β of the first timestep. @default 0.1 / N
 * @param options.betaEnd β of the last timestep. @default 20 / N
 * @throws InvalidOptionError where an option is out of range
 */
export function linearNoiseSchedule(
  options: { readonly trainSteps?: number; readonly betaStart?: number; readonly betaEnd?: number } = {},
): NoiseSchedule {
  const { trainSteps = 1000 } = options;
  assertInteger('trainSteps', trainSteps, 2);
  const { betaStart = 0.1 / trainSteps, betaEnd = 20 / trainSteps } = options;
  assertNumber('betaStart', betaStart, 0, 1);
  assertNumber('betaEnd', betaEnd, betaStart, 1);
  const stride = (betaEnd - betaStart) / (trainSteps - 1);
  return betaNoiseSchedule(
    Float64Array.from({ length: trainSteps }, (_, i) => betaStart + i * stride),
    'linear',
  );
}

/** ᾱ below this leaves nothing of the clean token: 1/√ᾱ would amplify every error beyond float32. */
const SMALLEST_ALPHA = 1e-30;

/**
 * The schedule of any β.
 *
 * @param betas [N], N ≥ 2, each more than 0 and less than 1
 * @throws InvalidOptionError where they are others, or leave an ᾱ below 1e-30
 *
 * @example
 * ```ts
 * const scaledLinear = Array.from({ length: 1000 }, (_, i) => (0.0292 + (i / 999) * 0.0803) ** 2);
 * const schedule = betaNoiseSchedule(scaledLinear, 'scaled linear');
 * ```
 */
export function betaNoiseSchedule(betas: ArrayLike<number>, name = 'betas'): NoiseSchedule {
  if (betas.length < 2) throw new InvalidOptionError('betas', betas.length, 'must be at least 2 numbers');
  const all = Float64Array.from(betas);
  const wrong = all.findIndex((beta) => !(beta > 0 && beta < 1));
  if (wrong >= 0)
    throw new InvalidOptionError(`betas[${wrong}]`, all[wrong], 'must be more than 0 and less than 1');
  const alphasCumprod = cumulativeProduct(all);
  if (alphasCumprod.at(-1)! < SMALLEST_ALPHA)
    throw new InvalidOptionError('betas', name, `∏(1 − β) must be at least ${SMALLEST_ALPHA}`);
  return { name, betas: all, alphasCumprod };
}

/** ᾱ of β. */
export function cumulativeProduct(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => (product *= 1 - beta));
}
