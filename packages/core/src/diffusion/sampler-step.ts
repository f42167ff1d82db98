import { assertShape, NonFiniteError } from '../errors.js';
import type { Clamp } from '../model.js';
import type { DiffusionStep } from './sampler-coefficients.js';

/** What {@link samplerStep} works on: n tokens of C channels, R = n rows of head output, or 2n with guidance. */
export interface SamplerStep {
  readonly step: DiffusionStep;
  /** C. */
  readonly channels: number;
  /** [n, C]: the noisy tokens, replaced by the next ones. */
  readonly x: Float32Array;
  /** [n, C]: the previous step's x0 (anything at the first step), replaced by this step's. */
  readonly xStart: Float32Array;
  /** [R, 2C]: the head's rows [ε | v], the n conditional ones first, then the n unconditional ones, if there are any. */
  readonly output: Float32Array;
  /** [n], s in ε = ε_u + s·(ε_c − ε_u); not read where R = n. */
  readonly guidanceScale: ArrayLike<number>;
  /** [n, C], standard normal; needed unless the step's noise is of kind `none`. */
  readonly noise?: Float32Array | undefined;
  /** Factor of the noise. */
  readonly temperature: number;
  /** Limits of x0. @default none */
  readonly clamp?: Clamp | undefined;
}

/**
 * Carries out one diffusion step in place, from the head's output as it comes: guidance on ε, v from the conditional
 * rows, x0 and its clamp, the update and the noise. Arithmetic in float64, allocation-free.
 *
 * @throws ShapeMismatchError where an array has the wrong length
 * @throws NonFiniteError where the head gave NaN or infinity, or x leaves float32
 */
export function samplerStep(options: SamplerStep): void {
  const { step, channels, x, xStart, output, guidanceScale, noise, temperature, clamp } = options;
  const count = Math.floor(x.length / channels);
  const guided = output.length > 2 * x.length;
  assertShape('x [n, C]', x, [count, channels]);
  assertShape('xStart [n, C]', xStart, [count, channels]);
  assertShape('output [R, 2C]', output, [guided ? 2 * count : count, 2 * channels]);
  if (guided) assertShape('guidanceScale [n]', guidanceScale, [count]);
  if (step.noise.kind !== 'none') assertShape('noise [n, C]', noise ?? [], [count, channels]);
  if (typeof clamp === 'object') assertShape('clamp [C]', clamp, [channels]);

  const { x: xToStart, epsilon: epsilonToStart } = step.xStart;
  const { x: xToNext, xStart: startToNext, previousXStart: previousToNext } = step.update;
  const { kind } = step.noise;
  // σ = exp(logSigma + v · slope), or a number: f = (v + 1)/2 put into the table's formula.
  const [low, high] =
    step.noise.kind === 'learned' ? [step.noise.minLogVariance, step.noise.maxLogVariance] : [0, 0];
  const logSigma = (low + high) / 4;
  const slope = (high - low) / 4;
  const fixedSigma = step.noise.kind === 'fixed' ? step.noise.sigma : 0;

  for (let row = 0, i = 0; row < count; row++) {
    const scale = guided ? guidanceScale[row]! : 1;
    for (let channel = 0; channel < channels; channel++, i++) {
      const conditional = row * 2 * channels + channel;
      const v = output[conditional + channels]!;
      let epsilon = output[conditional]!;
      if (scale !== 1) {
        const unconditional = output[conditional + 2 * x.length]!;
        epsilon = unconditional + scale * (epsilon - unconditional);
      }
      let start = xToStart * x[i]! - epsilonToStart * epsilon;
      if (clamp !== undefined) {
        const limit = typeof clamp === 'number' ? clamp : clamp[channel]!;
        start = Math.max(-limit, Math.min(limit, start));
      }
      let next = xToNext * x[i]! + startToNext * start;
      // The first step's buffer may hold anything, and 0 · NaN is NaN.
      if (previousToNext !== 0) next += previousToNext * xStart[i]!;
      if (kind !== 'none') {
        const sigma = kind === 'learned' ? Math.exp(logSigma + v * slope) : fixedSigma;
        next += sigma * temperature * noise![i]!;
      }
      x[i] = next;
      xStart[i] = start;
      // ε and v are looked at as well, for a clamp hides an infinite ε.
      if (!Number.isFinite(x[i]! + epsilon + v)) {
        throw new NonFiniteError(
          `The head's output at timestep ${step.timestep}, row ${row}, channel ${channel}`,
        );
      }
    }
  }
}
