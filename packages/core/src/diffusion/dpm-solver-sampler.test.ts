import { expect, test } from 'vitest';
import { InvalidOptionError } from '../errors.js';
import { dpmSolverSampler } from './dpm-solver-sampler.js';
import { cosineNoiseSchedule } from './noise-schedule.js';

const { alphasCumprod } = cosineNoiseSchedule();
const lambda = (timestep: number) => {
  const alpha = alphasCumprod[timestep]!;
  return Math.log(Math.sqrt(alpha) / Math.sqrt(1 - alpha));
};
const timestepsOf = (respacing: number | string, options = {}) =>
  dpmSolverSampler(options)(respacing).steps.map((step) => step.timestep);

test('every count from 1 to 996 gives that many distinct timesteps, descending from 995', () => {
  for (let count = 1; count <= 996; count++) {
    const timesteps = timestepsOf(count);
    expect(timesteps).toHaveLength(count);
    expect(timesteps[0]).toBe(995);
    expect(timesteps.every((timestep, i) => timestep >= 0 && (i === 0 || timestep < timesteps[i - 1]!))).toBe(
      true,
    );
  }
});

test('few timesteps are those nearest to evenly spread log-SNRs', () => {
  for (const count of [4, 8, 14]) {
    const stride = (lambda(0) - lambda(995)) / count;
    for (const [i, timestep] of timestepsOf(count).entries()) {
      const wanted = lambda(995) + i * stride;
      const distances = Array.from(alphasCumprod, (_, t) => Math.abs(lambda(t) - wanted));
      expect(distances[timestep]).toBe(Math.min(...distances));
    }
  }
});

test('the limit of the log-SNR says where the run starts', () => {
  expect(timestepsOf(8, { minLogSnr: -3 })[0]).toBe(alphasCumprod.findLastIndex((_, t) => lambda(t) >= -3));
  expect(timestepsOf(8, { minLogSnr: -10 })[0]).toBeGreaterThan(995);
});

test('a step whose x0 stays what it was is exact: x keeps its ε', () => {
  // With x0 constant, x = √ᾱ·x0 + √(1 − ᾱ)·ε must be carried to the same form at the next timestep.
  const [x0, epsilon] = [0.6, -1.1];
  const { steps } = dpmSolverSampler()(12);
  const at = (timestep: number) =>
    Math.sqrt(alphasCumprod[timestep]!) * x0 + Math.sqrt(1 - alphasCumprod[timestep]!) * epsilon;
  for (const [i, { timestep, update }] of steps.entries()) {
    const next = steps[i + 1];
    const x = update.x * at(timestep) + update.xStart * x0 + (update.previousXStarts[0] ?? 0) * x0;
    expect(x).toBeCloseTo(next ? at(next.timestep) : x0, 6);
  }
});

test('the stochastic solver of order 1 takes DDIM’s steps with η = 1', () => {
  const { steps } = dpmSolverSampler({ order: 1, stochastic: true })(10);
  for (const [i, { timestep, update, noise }] of steps.slice(0, -1).entries()) {
    const alpha = alphasCumprod[timestep]!;
    const next = alphasCumprod[steps[i + 1]!.timestep]!;
    // Song et al. 2021, equations 12 and 16.
    const variance = ((1 - next) / (1 - alpha)) * (1 - alpha / next);
    const x = Math.sqrt((1 - next - variance) / (1 - alpha));
    expect(update.x).toBeCloseTo(x, 6);
    expect(update.xStart).toBeCloseTo(Math.sqrt(next) - x * Math.sqrt(alpha), 6);
    expect(noise).toEqual({ kind: 'fixed', sigma: expect.closeTo(Math.sqrt(variance), 6) });
  }
  expect(steps.at(-1)).toMatchObject({
    update: { x: 0, xStart: 1, previousXStarts: [] },
    noise: { kind: 'none' },
  });
});

test('first and last step are of first order, as is every step of order 1', () => {
  const previous = (options = {}) =>
    dpmSolverSampler(options)(8).steps.map((step) => step.update.previousXStarts.length);
  const second = previous();
  expect(second.map((earlier) => earlier === 1)).toEqual([false, true, true, true, true, true, true, false]);
  expect(previous({ order: 1 }).every((earlier) => earlier === 0)).toBe(true);
});

test('the last step takes x0 as it is', () => {
  expect(dpmSolverSampler()(8).steps.at(-1)!.update).toEqual({ x: 0, xStart: 1, previousXStarts: [] });
});

test.each(['30,20', 'ddim50', '', 0, 997, 2.5])('respacing %s is refused', (respacing) => {
  expect(() => dpmSolverSampler()(respacing)).toThrow(InvalidOptionError);
});

test('the coefficients are made once', () => {
  const sampler = dpmSolverSampler();
  expect(sampler(8)).toBe(sampler('8'));
  expect(sampler(8).name).toBe('dpm-solver++ 2M 8');
  expect(dpmSolverSampler({ stochastic: true, order: 1 })(8).name).toBe('sde-dpm-solver++ 1 8');
});
