import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidOptionError } from '../errors.js';
import { betaNoiseSchedule, cosineNoiseSchedule, linearNoiseSchedule } from './noise-schedule.js';

test('ᾱ is the product of 1 − β, for any β', () => {
  const betas = fc.array(fc.double({ min: 1e-6, max: 0.4, noNaN: true }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(betas, (given) => {
      const { alphasCumprod } = betaNoiseSchedule(given);
      const logs = given.map((_, i) =>
        given.slice(0, i + 1).reduce((sum, beta) => sum + Math.log1p(-beta), 0),
      );
      for (const [i, log] of logs.entries()) expect(Math.log(alphasCumprod[i]!)).toBeCloseTo(log, 9);
    }),
  );
});

test('the linear schedule goes evenly from 0.0001 to 0.02 in 1000 timesteps, as Ho et al. have it', () => {
  const { betas, alphasCumprod, name } = linearNoiseSchedule();
  expect(name).toBe('linear');
  expect([betas.length, betas[0], betas.at(-1)]).toEqual([1000, 1e-4, expect.closeTo(0.02, 12)]);
  expect(betas[500]! - betas[499]!).toBeCloseTo(0.0199 / 999, 12);
  expect(alphasCumprod.at(-1)).toBeCloseTo(4.0358e-5, 8);
});

test('a linear schedule of fewer timesteps has about as much noise at its end', () => {
  const [few, many] = [100, 1000].map(
    (trainSteps) => linearNoiseSchedule({ trainSteps }).alphasCumprod.at(-1)!,
  );
  expect(Math.log(few!) / Math.log(many!)).toBeGreaterThan(0.9);
  expect(Math.log(few!) / Math.log(many!)).toBeLessThan(1.2);
});

test('the cosine schedule is made once, and any schedule is plain data', () => {
  expect(cosineNoiseSchedule()).toBe(cosineNoiseSchedule());
  expect(structuredClone(linearNoiseSchedule())).toEqual(linearNoiseSchedule());
});

test.each([
  ['a single β', [0.1], 'betas'],
  ['a β of 0', [0.1, 0], 'betas[1]'],
  ['a β of 1', [1, 0.1], 'betas[0]'],
  ['a β that is no number', [0.1, Number.NaN], 'betas[1]'],
  ['β that leave nothing of the token', Array.from({ length: 100 }, () => 0.9), 'betas'],
])('%s is refused', (_, betas, option) => {
  expect(() => betaNoiseSchedule(betas)).toThrow(InvalidOptionError);
  expect(() => betaNoiseSchedule(betas)).toThrow(
    new RegExp(`^${option.replace('[', '\\[').replace(']', '\\]')} = `),
  );
});

test('a linear schedule that falls is refused', () => {
  expect(() => linearNoiseSchedule({ betaStart: 0.02, betaEnd: 0.01 })).toThrow(InvalidOptionError);
});
