import { expect, test } from 'vitest';
import { ancestralSampler } from './ancestral-sampler.js';
import { ddimSampler } from './ddim-sampler.js';
import type { CoefficientsSampler } from './diffusion-sampler.js';
import { dpmSolverSampler } from './dpm-solver-sampler.js';
import { cosineNoiseSchedule } from './noise-schedule.js';
import type { DiffusionStep } from './sampler-coefficients.js';
import { samplerStep } from './sampler-step.js';

// For data from N(MEAN, DEVIATION²), x_t is normal at every t, so the best ε, the probability-flow ODE's solution and
// the outcome of the whole chain are all known exactly.
const MEAN = 0.6;
const DEVIATION = 0.5;
const { alphasCumprod } = cosineNoiseSchedule();

const meanAt = (timestep: number) => Math.sqrt(alphasCumprod[timestep]!) * MEAN;
const varianceAt = (timestep: number) =>
  alphasCumprod[timestep]! * DEVIATION ** 2 + 1 - alphasCumprod[timestep]!;

/** E[ε | x_t]. */
const bestEpsilon = (x: number, timestep: number) =>
  (Math.sqrt(1 - alphasCumprod[timestep]!) * (x - meanAt(timestep))) / varianceAt(timestep);

interface Chain {
  x: Float32Array;
  xStarts: Float32Array[];
}

function advance(chain: Chain, step: DiffusionStep, noise: Float32Array, v = -1, temperature = 1): void {
  const output = new Float32Array(2 * chain.x.length);
  for (const [i, x] of chain.x.entries()) {
    output[2 * i] = bestEpsilon(x, step.timestep);
    output[2 * i + 1] = v;
  }
  samplerStep({ step, channels: 1, ...chain, output, guidanceScale: [], noise, temperature });
}

/**
 * The largest error, against the ODE's exact solution, of x as it arrives at the last timestep of a run that starts at
 * `starts`. (The step from there to x0 is the same for every solver.)
 */
function odeError(sampler: CoefficientsSampler, count: number): number {
  const { steps } = sampler(count);
  const starts = Float32Array.of(-2, -0.7, 0.4, 1.6);
  const chain = { x: starts.slice(), xStarts: [new Float32Array(4)] };
  for (const step of steps.slice(0, -1)) advance(chain, step, new Float32Array(4));
  const [first, last] = [steps[0]!.timestep, steps.at(-1)!.timestep];
  const exact = starts.map(
    (x) => meanAt(last) + Math.sqrt(varianceAt(last) / varianceAt(first)) * (x - meanAt(first)),
  );
  return Math.max(...chain.x.map((x, i) => Math.abs(x - exact[i]!)));
}

const ratios = (values: readonly number[]) => values.slice(1).map((value, i) => values[i]! / value);

test('12 steps of 2M are nearer to the solution than 64 of order 1', () => {
  expect(odeError(dpmSolverSampler(), 12)).toBeLessThan(odeError(dpmSolverSampler({ order: 1 }), 64));
});

/**
 * Mean and deviation of a run's outcome, exactly: with the best ε it is affine in all the noise of the run, so each
 * noise's share is what it alone adds to a run without any.
 */
function outcome(
  sampler: CoefficientsSampler,
  count: number | string,
  { v = -1, temperature = 1 } = {},
): { mean: number; deviation: number } {
  const { steps, temperedStart = false } = sampler(count);
  const only = (place: number, value: number) =>
    Float32Array.from({ length: steps.length + 2 }, (_, i) => (i === place ? value : 0));
  const chain = { x: only(1, temperedStart ? temperature : 1), xStarts: [only(0, 0)] };
  for (const [i, step] of steps.entries()) advance(chain, step, only(i + 2, 1), v, temperature);
  const [mean, ...others] = chain.x;
  return { mean: mean!, deviation: Math.hypot(...others.map((x) => x - mean!)) };
}

test('the ancestral chain ends with the mean and the deviation of the data', () => {
  for (const v of [-1, 1]) {
    const { mean, deviation } = outcome(ancestralSampler(), '', { v });
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.001);
    expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.005);
  }
});

test('the smaller variance undershoots the data’s deviation, the larger overshoots it, the less the more steps', () => {
  const gaps = [20, 40, 80].map((count) => {
    const low = outcome(ancestralSampler(), count, { v: -1 });
    const high = outcome(ancestralSampler(), count, { v: 1 });
    expect(low.deviation).toBeLessThan(DEVIATION);
    expect(high.deviation).toBeGreaterThan(DEVIATION);
    return high.deviation - low.deviation;
  });
  expect(gaps[1]).toBeLessThan(gaps[0]!);
  expect(gaps[2]).toBeLessThan(gaps[1]!);
});

test('DiSA’s limit of 950 still ends near the data’s mean and deviation', () => {
  const { mean, deviation } = outcome(ancestralSampler({ maxTimestep: 950 }), 50);
  expect(Math.abs(mean - MEAN)).toBeLessThan(0.05);
  expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.05);
});

test('a few steps of the solvers carry N(0, 1) near to the data’s mean and deviation', () => {
  for (const sampler of [
    dpmSolverSampler(),
    dpmSolverSampler({ stochastic: true }),
    ddimSampler({ maxTimestep: 950 }),
  ]) {
    const { mean, deviation } = outcome(sampler, 16);
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.05);
    expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.1);
  }
});

test('SDE-DPM-Solver++ ends the nearer to the data’s deviation the more steps, and its order 2 before its order 1', () => {
  const gaps = (order: 1 | 2) =>
    [16, 32, 64].map((count) =>
      Math.abs(outcome(dpmSolverSampler({ order, stochastic: true }), count).deviation - DEVIATION),
    );
  const [first, second] = [gaps(1), gaps(2)];
  for (const found of [first, second]) for (const ratio of ratios(found)) expect(ratio).toBeGreaterThan(1.6);
  for (const [i, gap] of second.entries()) expect(gap).toBeLessThan(first[i]! / 2);
});

test('the temperature scales the outcome’s deviation, and leaves its mean, in every sampler that heeds it', () => {
  for (const sampler of [ancestralSampler(), dpmSolverSampler(), dpmSolverSampler({ stochastic: true })]) {
    const [whole, cooled] = [outcome(sampler, 100), outcome(sampler, 100, { temperature: 0.8 })];
    expect(cooled.mean).toBeCloseTo(whole.mean, 5);
    expect(cooled.deviation / whole.deviation).toBeCloseTo(0.8, 2);
  }
});
