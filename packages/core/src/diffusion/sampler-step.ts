import { assertShape, InvalidOptionError, NonFiniteError } from '../errors.js';
import type { Clamp } from '../model.js';
import type { Prediction } from './diffusion-process.js';
import type { DiffusionStep, SamplerCoefficients } from './sampler-coefficients.js';

/** What {@link samplerStep} works on: n tokens of C channels, R = n rows of head output, or 2n with guidance. */
export interface SamplerStep {
  readonly step: DiffusionStep;
  /** What the head predicts: its rows are [ε | v], 2C wide, or the velocity, C wide. @default 'epsilon' */
  readonly prediction?: Prediction;
  /** C. */
  readonly channels: number;
  /** [n, C]: the noisy tokens, replaced by the next ones. */
  readonly x: Float32Array;
  /**
   * The x0s [n, C] of the evaluations before, the last one first; as many as the coefficients use, see
   * {@link historyLength}. This step's x0 replaces the oldest and moves to the front.
   */
  readonly xStarts: Float32Array[];
  /** The head's rows [R, 2C] or [R, C]: the n conditional ones, then the n unconditional ones, if there are any. */
  readonly output: Float32Array;
  /** [n], s in ε = ε_u + s·(ε_c − ε_u), or of the velocity; not read where R = n. */
  readonly guidanceScale: ArrayLike<number>;
  /** [n, C], standard normal; needed unless the step's noise is of kind `none`. */
  readonly noise?: Float32Array | undefined;
  /** Factor of the noise. */
  readonly temperature: number;
  /** Limits of x0. @default none */
  readonly clamp?: Clamp | undefined;
}

/** How many earlier x0s the coefficients use. */
export function historyLength({ steps }: Pick<SamplerCoefficients, 'steps'>): number {
  return steps.reduce((most, { update }) => Math.max(most, update.previousXStarts.length), 0);
}

/**
 * Carries out one diffusion step in place, from the head's output as it comes: guidance on the first C channels, v from
 * the conditional rows, x0 and its clamp, the update and the noise. Arithmetic in float64, allocation-free but for views.
 *
 * @throws ShapeMismatchError where an array has the wrong length, or earlier x0s are missing
 * @throws InvalidOptionError where the noise's variance is learned and the head predicts none
 * @throws NonFiniteError where the head gave NaN or infinity, or x leaves float32
 */
export function samplerStep(options: SamplerStep): void {
  const { step, prediction = 'epsilon', channels, x, xStarts, output, guidanceScale } = options;
  const { noise, temperature, clamp } = options;
  const count = Math.floor(x.length / channels);
  const learned = prediction === 'epsilon';
  const width = learned ? 2 * channels : channels;
  const guided = output.length > count * width;
  assertShape('x [n, C]', x, [count, channels]);
  for (const earlier of xStarts) assertShape('xStarts [n, C]', earlier, [count, channels]);
  assertShape('output [R, 2C or C]', output, [guided ? 2 * count : count, width]);
  if (guided) assertShape('guidanceScale [n]', guidanceScale, [count]);
  if (step.noise.kind !== 'none') assertShape('noise [n, C]', noise ?? [], [count, channels]);
  if (typeof clamp === 'object') assertShape('clamp [C]', clamp, [channels]);
  if (step.noise.kind === 'learned' && !learned)
    throw new InvalidOptionError('noise', 'learned', `a head that predicts ${prediction} has no variance`);

  const { x: xToStart, output: outputToStart } = step.xStart;
  const { x: xToNext, xStart: startToNext, previousXStarts } = step.update;
  if (previousXStarts.length > xStarts.length)
    assertShape('xStarts [k], one a factor', xStarts, [previousXStarts.length]);
  // The first step's buffers may hold anything, and 0 · NaN is NaN.
  const earlier = previousXStarts.flatMap((factor, k) =>
    factor === 0 ? [] : [{ factor, values: xStarts[k]! }],
  );
  const oldest = xStarts.pop();
  if (oldest) xStarts.unshift(oldest);
  const { kind } = step.noise;
  // σ = exp(logSigma + v · slope), or a number: f = (v + 1)/2 put into the formula of StepNoise.
  const [low, high] =
    step.noise.kind === 'learned' ? [step.noise.minLogVariance, step.noise.maxLogVariance] : [0, 0];
  const logSigma = (low + high) / 4;
  const slope = (high - low) / 4;
  const fixedSigma = step.noise.kind === 'fixed' ? step.noise.sigma : 0;

  for (let row = 0, i = 0; row < count; row++) {
    const scale = guided ? guidanceScale[row]! : 1;
    for (let channel = 0; channel < channels; channel++, i++) {
      const conditional = row * width + channel;
      const v = learned ? output[conditional + channels]! : 0;
      let predicted = output[conditional]!;
      if (scale !== 1) {
        const unconditional = output[conditional + count * width]!;
        predicted = unconditional + scale * (predicted - unconditional);
      }
      let start = xToStart * x[i]! - outputToStart * predicted;
      if (clamp !== undefined) {
        const limit = typeof clamp === 'number' ? clamp : clamp[channel]!;
        start = Math.max(-limit, Math.min(limit, start));
      }
      let next = xToNext * x[i]! + startToNext * start;
      for (const { factor, values } of earlier) next += factor * values[i]!;
      if (kind !== 'none') {
        const sigma = kind === 'learned' ? Math.exp(logSigma + v * slope) : fixedSigma;
        next += sigma * temperature * noise![i]!;
      }
      x[i] = next;
      if (oldest) oldest[i] = start;
      // The prediction and v are checked as well, for a clamp hides an infinite prediction.
      if (!Number.isFinite(x[i]! + predicted + v)) {
        throw new NonFiniteError(
          `The head's output at timestep ${step.timestep}, row ${row}, channel ${channel}`,
        );
      }
    }
  }
}
