import { type CancellationSignal, throwIfAborted } from '../cancellation.js';
import type { Clamp } from '../model.js';
import { type Prediction, UnsupportedPredictionError } from './diffusion-process.js';
import type { SamplerCoefficients } from './sampler-coefficients.js';
import { historyLength, samplerStep } from './sampler-step.js';

/** A run of {@link runCoefficients} on n tokens of C channels. */
export interface CoefficientsRun {
  readonly coefficients: SamplerCoefficients;
  /** What the head predicts. */
  readonly prediction: Prediction;
  /** n. */
  readonly count: number;
  /** C. */
  readonly channels: number;
  /**
   * The head.
   *
   * @param x [n, C], the noisy tokens; one array for the whole run, changed after each evaluation
   * @param index of the coefficients' step
   * @returns rows as `samplerStep` takes them
   */
  evaluate(x: Float32Array, index: number): Promise<Float32Array>;
  /** Fills `out` [n, C] with the noise of a step: 0 is the initial x, s the s-th diffusion step. */
  noise(step: number, out: Float32Array): void;
  /** [n], or [S, n] where it depends on the step. */
  readonly guidanceScale: Float32Array;
  readonly temperature: number;
  readonly clamp?: Clamp | undefined;
  readonly signal?: CancellationSignal | undefined;
}

/**
 * Runs a sampler's coefficients on a head: the loop of every model.
 *
 * @returns [n, C], the sampled tokens
 * @throws UnsupportedPredictionError where the coefficients are for another prediction
 * @throws the signal's reason, checked before each evaluation; whatever {@link samplerStep} and `evaluate` throw
 */
export async function runCoefficients(run: CoefficientsRun): Promise<Float32Array> {
  const { coefficients, prediction, count, channels, guidanceScale, temperature, clamp } = run;
  if ((coefficients.prediction ?? 'epsilon') !== prediction)
    throw new UnsupportedPredictionError(coefficients.name, prediction);
  const tokens = () => new Float32Array(count * channels);
  const x = tokens();
  const noise = tokens();
  const xStarts = Array.from({ length: historyLength(coefficients) }, tokens);
  run.noise(0, x);
  if (coefficients.temperedStart) for (let i = 0; i < x.length; i++) x[i]! *= temperature;
  for (const [index, step] of coefficients.steps.entries()) {
    throwIfAborted(run.signal);
    const output = await run.evaluate(x, index);
    if (step.noise.kind !== 'none') run.noise(index + 1, noise);
    samplerStep({
      step,
      prediction,
      channels,
      x,
      xStarts,
      output,
      noise,
      guidanceScale:
        guidanceScale.length === count
          ? guidanceScale
          : guidanceScale.subarray(index * count, (index + 1) * count),
      temperature,
      clamp,
    });
  }
  return x;
}
