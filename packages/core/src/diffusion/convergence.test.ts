import { expect, test } from 'vitest';
import { ancestralSampler } from './ancestral.js';
import { ddimSampler } from './ddim.js';
import { dpmSolverSampler } from './dpm-solver.js';
import { headStep } from './head-step.js';
import { cosineSchedule } from './schedule.js';
import type { DiffusionSampler, DiffusionStep } from './table.js';

// For data from N(MEAN, DEVIATION²), x_t is normal at every t, so the best ε, the probability-flow ODE's solution and
// the outcome of the whole chain are all known exactly.
const MEAN = 0.6;
const DEVIATION = 0.5;
const { alphasCumprod } = cosineSchedule();

const meanAt = (timestep: number) => Math.sqrt(alphasCumprod[timestep]!) * MEAN;
const varianceAt = (timestep: number) =>
  alphasCumprod[timestep]! * DEVIATION ** 2 + 1 - alphasCumprod[timestep]!;

/** E[ε | x_t]. */
const bestEpsilon = (x: number, timestep: number) =>
  (Math.sqrt(1 - alphasCumprod[timestep]!) * (x - meanAt(timestep))) / varianceAt(timestep);

interface Chain {
  x: Float32Array;
  xStart: Float32Array;
}

function advance(chain: Chain, step: DiffusionStep, noise: Float32Array, v = -1): void {
  const output = new Float32Array(2 * chain.x.length);
  for (const [i, x] of chain.x.entries()) {
    output[2 * i] = bestEpsilon(x, step.timestep);
    output[2 * i + 1] = v;
  }
  headStep({ step, channels: 1, ...chain, output, guidanceScale: [], noise, temperature: 1 });
}

/**
 * The largest error, against the ODE's exact solution, of x as it arrives at the last timestep of a run that starts at
 * `starts`. (The step from there to x0 is the same for every solver.)
 */
function odeError(sampler: DiffusionSampler, count: number): number {
  const { steps } = sampler(count);
  const starts = Float32Array.of(-2, -0.7, 0.4, 1.6);
  const chain = { x: starts.slice(), xStart: new Float32Array(4) };
  for (const step of steps.slice(0, -1)) advance(chain, step, new Float32Array(4));
  const [first, last] = [steps[0]!.timestep, steps.at(-1)!.timestep];
  const exact = starts.map(
    (x) => meanAt(last) + Math.sqrt(varianceAt(last) / varianceAt(first)) * (x - meanAt(first)),
  );
  return Math.max(...chain.x.map((x, i) => Math.abs(x - exact[i]!)));
}

const errors = (sampler: DiffusionSampler, counts: readonly number[]) =>
  counts.map((count) => odeError(sampler, count));
const ratios = (values: readonly number[]) => values.slice(1).map((value, i) => values[i]! / value);

test('DPM-Solver++(2M) is of second order: twice the steps, a quarter of the error', () => {
  const found = errors(dpmSolverSampler(), [16, 32, 64, 128]);
  for (const ratio of ratios(found)) {
    expect(ratio).toBeGreaterThan(3.3);
    expect(ratio).toBeLessThan(4.5);
  }
  expect(found.at(-1)).toBeLessThan(0.0005);
});

test('its order 1, and DDIM, are of first order: twice the steps, half of the error', () => {
  for (const sampler of [dpmSolverSampler({ order: 1 }), ddimSampler({ maxTimestep: 950 })]) {
    for (const ratio of ratios(errors(sampler, [16, 32, 64]))) {
      expect(ratio).toBeGreaterThan(1.7);
      expect(ratio).toBeLessThan(2.6);
    }
  }
});

test('12 steps of 2M are nearer to the solution than 64 of order 1', () => {
  expect(odeError(dpmSolverSampler(), 12)).toBeLessThan(odeError(dpmSolverSampler({ order: 1 }), 64));
});

/**
 * Mean and variance of a run's outcome, exactly: with the best ε each step is affine in x, so its three coefficients
 * are read off at x = 0 and 1 and at noise 1, and the moments follow.
 */
function outcome(
  sampler: DiffusionSampler,
  count: number | string,
  v: number,
): { mean: number; deviation: number } {
  let [mean, variance] = [0, 1];
  for (const step of sampler(count).steps) {
    const chain = { x: Float32Array.of(0, 1, 0), xStart: new Float32Array(3) };
    advance(chain, step, Float32Array.of(0, 0, 1), v);
    const [offset, atOne, atNoise] = [chain.x[0]!, chain.x[1]!, chain.x[2]!];
    mean = offset + (atOne - offset) * mean;
    variance = (atOne - offset) ** 2 * variance + (atNoise - offset) ** 2;
  }
  return { mean, deviation: Math.sqrt(variance) };
}

test('the ancestral chain ends with the mean and the deviation of the data', () => {
  for (const v of [-1, 1]) {
    const { mean, deviation } = outcome(ancestralSampler(), '', v);
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.001);
    expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.005);
  }
});

test('the smaller variance undershoots the data’s deviation, the larger overshoots it, the less the more steps', () => {
  const gaps = [20, 40, 80].map((count) => {
    const [low, high] = [outcome(ancestralSampler(), count, -1), outcome(ancestralSampler(), count, 1)];
    expect(low.deviation).toBeLessThan(DEVIATION);
    expect(high.deviation).toBeGreaterThan(DEVIATION);
    return high.deviation - low.deviation;
  });
  expect(gaps[1]).toBeLessThan(gaps[0]!);
  expect(gaps[2]).toBeLessThan(gaps[1]!);
});

test('DiSA’s limit of 950 still ends near the data’s mean and deviation', () => {
  const { mean, deviation } = outcome(ancestralSampler({ maxTimestep: 950 }), 50, -1);
  expect(Math.abs(mean - MEAN)).toBeLessThan(0.05);
  expect(Math.abs(deviation - DEVIATION)).toBeLessThan(0.05);
});

test('a few deterministic steps carry N(0, 1) near to the data’s mean and deviation', () => {
  for (const sampler of [dpmSolverSampler(), ddimSampler({ maxTimestep: 950 })]) {
    // Affine as a whole, so two starts tell all.
    const chain = { x: Float32Array.of(0, 1), xStart: new Float32Array(2) };
    for (const step of sampler(16).steps) advance(chain, step, new Float32Array(2));
    const [mean, atOne] = [chain.x[0]!, chain.x[1]!];
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.05);
    expect(Math.abs(atOne - mean - DEVIATION)).toBeLessThan(0.1);
  }
});
