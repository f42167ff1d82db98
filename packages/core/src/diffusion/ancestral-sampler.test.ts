import { expect, test } from 'vitest';
import { ancestralSampler } from './ancestral-sampler.js';
import { samplerStep } from './sampler-step.js';

const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;

/** ᾱ after training timestep t, straight from the continuous formula (no β reaches 0.999 before the last). */
const alphaAt = (timestep: number) => alphaBar((timestep + 1) / 1000) / alphaBar(0);

test('a step is a draw from the posterior q(x_previous | x, x0), worked out from Bayes’ rule', () => {
  // Four kept timesteps: 0, 333, 666, 999; the step taken is the one from 666 to 333.
  const step = ancestralSampler()(4).steps[1]!;
  expect(step.timestep).toBe(666);
  const [alpha, previous] = [alphaAt(666), alphaAt(333)];
  const [x, epsilon, noise] = [0.7, -0.4, 1.3];
  const x0 = (x - Math.sqrt(1 - alpha) * epsilon) / Math.sqrt(alpha);
  // Prior of x_previous given x0, N(√ᾱp·x0, 1 − ᾱp), times the likelihood of x, N(√a·x_previous, 1 − a), a = ᾱ/ᾱp.
  const a = alpha / previous;
  const precision = 1 / (1 - previous) + a / (1 - a);
  const mean = ((Math.sqrt(previous) * x0) / (1 - previous) + (Math.sqrt(a) * x) / (1 - a)) / precision;
  const after = (v: number) => {
    const tokens = { x: Float32Array.of(x), xStarts: [], noise: Float32Array.of(noise) };
    const output = Float32Array.of(epsilon, v);
    samplerStep({ step, channels: 1, ...tokens, output, guidanceScale: [], temperature: 1 });
    return tokens.x[0]!;
  };
  expect(after(-1)).toBeCloseTo(mean + noise * Math.sqrt(1 / precision), 5);
  expect(after(1)).toBeCloseTo(mean + noise * Math.sqrt(1 - a), 5);
  expect(after(0)).toBeCloseTo(mean + noise * ((1 - a) / precision) ** 0.25, 5);
});

test('the last step is x0 without noise', () => {
  const last = ancestralSampler()(25).steps.at(-1)!;
  expect(last.timestep).toBe(0);
  expect(last.noise).toEqual({ kind: 'none' });
  expect(last.update).toEqual({ x: 0, xStart: 1, previousXStarts: [] });
});

test('every step but the last has learned noise', () => {
  const { steps } = ancestralSampler()(10);
  expect(steps).toHaveLength(10);
  expect(steps.slice(0, -1).every((step) => step.noise.kind === 'learned')).toBe(true);
});

test('every number is a float32', () => {
  for (const { xStart, update, noise } of ancestralSampler()(50).steps) {
    for (const value of [...Object.values(xStart), ...Object.values(update), ...Object.values(noise)]) {
      if (typeof value === 'number') expect(Math.fround(value)).toBe(value);
    }
  }
});

test('the same respacing gives the same coefficients, whose name says what they are', () => {
  const sampler = ancestralSampler();
  expect(sampler(20)).toBe(sampler(20));
  expect(sampler('30,20').name).toBe('ancestral 30,20');
  expect(structuredClone(sampler('ddim50'))).toEqual(sampler('ddim50'));
});

test('a limit of 950 starts the chain there and merges what lay above', () => {
  const coefficients = ancestralSampler({ maxTimestep: 950 })(50);
  expect(coefficients.name).toBe('ancestral 50 ≤ 950');
  expect(coefficients.steps[0]!.timestep).toBe(950);
  expect(coefficients.steps).toHaveLength(48);
});
