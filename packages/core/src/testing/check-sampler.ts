import { type DiffusionProcess, marDiffusion, noiseLevel } from '../diffusion/diffusion-process.js';
import { type DiffusionSampler, isCoefficients } from '../diffusion/diffusion-sampler.js';
import { runCoefficients } from '../diffusion/run-coefficients.js';
import { runFunction } from '../diffusion/run-function.js';
import { assertInteger, assertNumber, InvalidOptionError, wordsOf } from '../errors.js';

/** What `checkSampler` looks for; a finding names the rule that is broken. */
export type SamplerRule =
  /** Nothing throws. */
  | 'throws'
  /** The error falls with the step count as the claimed order says. */
  | 'order'
  /** Many steps end with the mean and the deviation of the data. */
  | 'outcome'
  /** All noise is the given noise, each step's is used once and scaled by the temperature. */
  | 'noise';

/** One thing that `checkSampler` found. Plain data. */
export interface SamplerFinding {
  readonly rule: SamplerRule;
  /** A sentence with the numbers. */
  readonly message: string;
}

/** What `checkSampler` measured at one step count. */
export interface SamplerMeasurement {
  readonly diffusionSteps: number;
  /** Evaluations of the head. */
  readonly evaluations: number;
  /**
   * Without noise: the largest distance of x from the ODE's exact solution, where the head is evaluated last. With noise:
   * how far the outcome's mean and deviation are from the data's, in sum.
   */
  readonly error: number;
}

export interface SamplerReport {
  /**
   * p in error ∝ steps^−p, over the measured counts. Undefined where the error is rounding alone, or does not depend on the
   * step count.
   */
  readonly order: number | undefined;
  readonly measurements: readonly SamplerMeasurement[];
  /** Empty where all is well. */
  readonly findings: readonly SamplerFinding[];
}

export interface CheckSamplerOptions {
  /** The order of convergence that the sampler claims. @default none: the order is reported, not judged */
  readonly order?: number;
  /** The process of the models it is for. @default marDiffusion() */
  readonly diffusion?: DiffusionProcess;
  /** Step counts to measure, ascending, two or more. @default 16, 32 and 64 */
  readonly diffusionSteps?: readonly number[];
}

/** The data are N(MEAN, DEVIATION²): x is normal at every noise level, and the best prediction is known. */
const MEAN = 0.6;
const DEVIATION = 0.5;
/** Differences of float32 numbers of about 1 that are rounding. */
const ROUNDING = 2e-6;
/** A measured order may be this much smaller than the claimed one: few steps are not yet in the limit. */
const ORDER_TOLERANCE = 0.3;
const OUTCOME_TOLERANCE = 0.1;

/** Noise of a row at a step, 0 for the initial x. */
type NoiseOf = (row: number, step: number) => number;

interface Played {
  /** [rows]. */
  readonly tokens: Float32Array;
  /** x and timestep of each evaluation. */
  readonly evaluations: readonly { readonly x: Float32Array; readonly timestep: number }[];
  /** The steps whose noise was drawn, without the initial one. */
  readonly noiseSteps: readonly number[];
}

/**
 * Runs a sampler on normally distributed data, for which the best head and the exact solution are known, and measures how
 * its error falls with the step count. Checks the outcome and the use of noise as well. Needs no test runner; whatever the
 * sampler throws becomes a finding.
 *
 * @throws InvalidOptionError where one of its own options is out of range
 *
 * @example
 * ```ts
 * const { order, findings } = await checkSampler(dpmSolverSampler(), { order: 2 });
 * console.log(order?.toFixed(1)); // 2.0
 * if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join('\n'));
 * ```
 */
export async function checkSampler(
  sampler: DiffusionSampler,
  options: CheckSamplerOptions = {},
): Promise<SamplerReport> {
  const { order: claimed, diffusion = marDiffusion(), diffusionSteps: counts = [16, 32, 64] } = options;
  if (claimed !== undefined) assertNumber('order', claimed, 0);
  if (counts.length < 2)
    throw new InvalidOptionError('diffusionSteps', `[${counts}]`, 'must be two counts or more');
  for (const [i, count] of counts.entries())
    assertInteger(`diffusionSteps[${i}]`, count, i === 0 ? 1 : counts[i - 1]! + 1);

  const problem = new GaussianProblem(sampler, diffusion);
  const measurements: SamplerMeasurement[] = [];
  const findings: SamplerFinding[] = [];
  const find = (rule: SamplerRule, message: string) => findings.push({ rule, message });
  try {
    for (const message of await problem.noiseProblems(counts[0]!)) find('noise', message);
    for (const count of counts) measurements.push(await problem.measure(count));
    const { mean, deviation } = await problem.outcome(counts.at(-1)!);
    if (Math.abs(mean - MEAN) + Math.abs(deviation - DEVIATION) > OUTCOME_TOLERANCE) {
      find(
        'outcome',
        `${counts.at(-1)} steps end with mean ${mean.toFixed(3)} and deviation ${deviation.toFixed(3)}; the data have ` +
          `${MEAN} and ${DEVIATION}.`,
      );
    }
  } catch (error) {
    find('throws', `The sampler threw: ${wordsOf(error)}`);
    return { order: undefined, measurements, findings };
  }
  const order = orderOf(measurements);
  if (claimed !== undefined && !(order !== undefined && order > claimed - ORDER_TOLERANCE)) {
    const errors = measurements.map((each) => `${each.error.toPrecision(2)} at ${each.diffusionSteps} steps`);
    find(
      'order',
      `The order is ${order === undefined ? 'not measurable' : order.toFixed(2)}, and ${claimed} was claimed. The errors ` +
        `are ${errors.join(', ')}.`,
    );
  }
  return { order, measurements, findings };
}

/** The slope of log error over log steps by least squares, without errors that are rounding. */
function orderOf(measurements: readonly SamplerMeasurement[]): number | undefined {
  const points = measurements
    .filter(({ error }) => error > ROUNDING)
    .map(({ diffusionSteps, error }) => [Math.log(diffusionSteps), -Math.log(error)] as const);
  const evaluations = new Set(measurements.map((each) => each.evaluations));
  if (points.length < 2 || evaluations.size === 1) return undefined;
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

/** A sampler on tokens of one channel, from N(MEAN, DEVIATION²). */
class GaussianProblem {
  readonly #sampler: DiffusionSampler;
  readonly #diffusion: DiffusionProcess;

  constructor(sampler: DiffusionSampler, diffusion: DiffusionProcess) {
    this.#sampler = sampler;
    this.#diffusion = diffusion;
  }

  async measure(diffusionSteps: number): Promise<SamplerMeasurement> {
    const { evaluations, noiseSteps } = await this.#play(diffusionSteps, STARTS.length, startsOnly);
    const error =
      noiseSteps.length === 0 ? this.#odeError(evaluations) : await this.#outcomeError(diffusionSteps);
    return { diffusionSteps, evaluations: evaluations.length, error };
  }

  /**
   * Mean and deviation of a run's outcome, exactly for samplers that are affine in x and noise, as the head is here: each
   * noise's share is what it alone adds to a run without any.
   */
  async outcome(diffusionSteps: number): Promise<{ mean: number; deviation: number }> {
    const { noiseSteps } = await this.#play(diffusionSteps, STARTS.length, startsOnly);
    const last = Math.max(0, ...noiseSteps);
    const { tokens } = await this.#play(diffusionSteps, last + 2, (row, step) => (row === step + 1 ? 1 : 0));
    const [mean, ...others] = tokens;
    return { mean: mean!, deviation: Math.hypot(...others.map((token) => token - mean!)) };
  }

  async noiseProblems(diffusionSteps: number): Promise<string[]> {
    const play = (noise: NoiseOf, temperature = 1) =>
      this.#play(diffusionSteps, STARTS.length, noise, temperature);
    const { tokens, noiseSteps } = await play(waves);
    const problems: string[] = [];
    const again = await play(waves);
    if (again.tokens.some((token, i) => token !== tokens[i]))
      problems.push('Two runs with the same noise differ. Take all randomness from the given noise.');
    const reused = noiseSteps.find((step, i) => noiseSteps.indexOf(step) < i);
    if (reused !== undefined)
      problems.push(`The noise of step ${reused} is drawn twice. Draw each step's once, from 1 upwards.`);
    const cold = await play(waves, 0);
    const still = await play((row, step) => (step === 0 ? waves(row, 0) : 0), 0);
    if (cold.tokens.some((token, i) => token !== still.tokens[i]))
      problems.push(
        'At temperature 0 the noise of the steps still has an effect. Multiply it by the temperature.',
      );
    return problems;
  }

  async #outcomeError(diffusionSteps: number): Promise<number> {
    const { mean, deviation } = await this.outcome(diffusionSteps);
    return Math.abs(mean - MEAN) + Math.abs(deviation - DEVIATION);
  }

  /** From the first evaluation to the last: how the chain begins and ends is not the order's concern. */
  #odeError(evaluations: Played['evaluations']): number {
    const [first, last] = [evaluations[0]!, evaluations.at(-1)!];
    const [from, to] = [this.#at(first.timestep), this.#at(last.timestep)];
    return Math.max(
      ...last.x.map((x, i) =>
        Math.abs(x - (to.mean + Math.sqrt(to.variance / from.variance) * (first.x[i]! - from.mean))),
      ),
    );
  }

  async #play(diffusionSteps: number, count: number, noiseOf: NoiseOf, temperature = 1): Promise<Played> {
    const diffusion = this.#diffusion;
    const made = this.#sampler(diffusionSteps, diffusion);
    const evaluations: { x: Float32Array; timestep: number }[] = [];
    const noiseSteps: number[] = [];
    const evaluate = async (x: Float32Array, timestep: number): Promise<Float32Array> => {
      evaluations.push({ x: x.slice(), timestep });
      return this.#bestOutput(x, timestep);
    };
    const noise = (step: number, out: Float32Array): void => {
      if (step > 0) noiseSteps.push(step);
      for (const row of out.keys()) out[row] = noiseOf(row, step);
    };
    const { prediction } = diffusion;
    const shared = { count, channels: 1, noise, temperature };
    const tokens = isCoefficients(made)
      ? await runCoefficients({
          ...shared,
          coefficients: made,
          prediction,
          guidanceScale: new Float32Array(count),
          evaluate: (x, index) => evaluate(x, made.steps[index]!.timestep),
        })
      : await runFunction(made, { ...shared, diffusion, diffusionSteps, guidanceScale: () => [], evaluate });
    return { tokens, evaluations, noiseSteps };
  }

  /** E[output | x] as the head's rows, with the smaller variance where it is learned. */
  #bestOutput(x: Float32Array, timestep: number): Float32Array {
    const { signal, noise, mean, variance } = this.#at(timestep);
    return Float32Array.from(
      [...x].flatMap((value) => {
        const epsilon = (noise * (value - mean)) / variance;
        const clean = MEAN + (signal * DEVIATION ** 2 * (value - mean)) / variance;
        return this.#diffusion.prediction === 'epsilon' ? [epsilon, -1] : [epsilon - clean];
      }),
    );
  }

  /** x = signal · x0 + noise · ε at a timestep, and the mean and variance of x. */
  #at(timestep: number) {
    const { scale, sigma } = noiseLevel(timestep, this.#diffusion);
    const isEpsilon = this.#diffusion.prediction === 'epsilon';
    const signal = isEpsilon ? scale : 1 - sigma;
    const noise = isEpsilon ? scale * sigma : sigma;
    return { signal, noise, mean: signal * MEAN, variance: (signal * DEVIATION) ** 2 + noise ** 2 };
  }
}

/** Initial x of the runs without noise. */
const STARTS = [-2, -0.7, 0.4, 1.6];
const startsOnly: NoiseOf = (row, step) => (step === 0 ? STARTS[row]! : 0);
/** Some noise that differs by row and step. */
const waves: NoiseOf = (row, step) => Math.sin(row + 2.3 * step + 1);
