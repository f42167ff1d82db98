import { expect, test } from 'vitest';
import { InvalidOptionError } from '../errors.js';
import { ancestralSampler } from './ancestral-sampler.js';
import { ddimSampler } from './ddim-sampler.js';
import { respacedSchedule } from './respaced-schedule.js';
import { samplerStep } from './sampler-step.js';

test('a step is √ᾱ_previous·x0 + √(1 − ᾱ_previous)·ε', () => {
  const { alphasCumprod, timesteps } = respacedSchedule('ddim50');
  const { steps } = ddimSampler({ maxTimestep: 999 })('ddim50');
  for (const [i, step] of steps.entries()) {
    const kept = timesteps.length - 1 - i;
    const alpha = alphasCumprod[kept]!;
    const previous = alphasCumprod[kept - 1] ?? 1;
    const [x, epsilon] = [0.8, 0.3];
    const x0 = (x - Math.sqrt(1 - alpha) * epsilon) / Math.sqrt(alpha);
    const tokens = {
      x: Float32Array.of(x),
      xStarts: [],
      output: Float32Array.of(epsilon, 0),
    };
    samplerStep({ step, channels: 1, ...tokens, guidanceScale: [], temperature: 1 });
    expect(step.timestep).toBe(timesteps[kept]);
    expect(tokens.x[0]).toBeCloseTo(Math.sqrt(previous) * x0 + Math.sqrt(1 - previous) * epsilon, 4);
  }
});

test('eta 1 is the ancestral chain with its smaller variance', () => {
  const ddim = ddimSampler({ eta: 1, maxTimestep: 999 })(25);
  for (const [i, step] of ancestralSampler()(25).steps.entries()) {
    const { update, noise } = ddim.steps[i]!;
    expect(update.x).toBeCloseTo(step.update.x, 6);
    expect(update.xStart).toBeCloseTo(step.update.xStart, 6);
    // The ancestral variance at the step before the last is the posterior's own; only the last one is replaced.
    if (step.noise.kind === 'learned' && noise.kind === 'fixed') {
      expect(noise.sigma).toBeCloseTo(Math.exp(step.noise.minLogVariance / 2), 6);
    } else {
      expect([noise.kind, step.noise.kind]).toEqual(['none', 'none']);
    }
  }
});

test('eta 0 draws no noise at all', () => {
  expect(ddimSampler()(20).steps.every((step) => step.noise.kind === 'none')).toBe(true);
});

test('eta outside 0 … 1 and a limit that is no timestep are refused', () => {
  expect(() => ddimSampler({ maxTimestep: 0 })).toThrow(InvalidOptionError);
  expect(() => ddimSampler({ maxTimestep: 1500 })(10)).toThrow(InvalidOptionError);
  for (const eta of [-0.1, 1.1, Number.NaN]) expect(() => ddimSampler({ eta })).toThrow(InvalidOptionError);
});

test('the coefficients are made once, and their name says eta and limit', () => {
  const sampler = ddimSampler({ eta: 0.5, maxTimestep: 950 });
  expect(sampler(20)).toBe(sampler('20'));
  expect(sampler(20).name).toBe('ddim 20 eta 0.5 ≤ 950');
  expect(ddimSampler()(20).name).toBe('ddim 20 ≤ 950');
  expect(ddimSampler({ maxTimestep: 999 })(20).name).toBe('ddim 20');
});

test('starts below the noisiest timesteps unless told otherwise', () => {
  expect(ddimSampler()(20).steps[0]!.timestep).toBe(950);
  expect(ddimSampler({ maxTimestep: 999 })(20).steps[0]!.timestep).toBe(999);
});
