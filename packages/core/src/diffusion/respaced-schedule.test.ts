import { expect, test } from 'vitest';
import golden from '../../../../fixtures/golden/schedule.json' with { type: 'json' };
import { InvalidOptionError } from '../errors.js';
import { cosineNoiseSchedule } from './noise-schedule.js';
import { respacedSchedule } from './respaced-schedule.js';

const { _timesteps_only, '': whole, ...respacings } = golden;

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-12): void {
  expect(actual.length).toBe(expected.length);
  const errors = expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(Math.abs(value), 1e-300));
  expect(Math.max(...errors.map((error, i) => (expected[i] === actual[i] ? 0 : error)))).toBeLessThanOrEqual(
    tolerance,
  );
}

test('the training schedule is the recorded one', () => {
  const { betas, alphasCumprod } = cosineNoiseSchedule();
  expectClose(betas, whole.betas);
  expectClose(alphasCumprod, whole.alphas_cumprod);
});

test.each(Object.entries(respacings))(
  'every array of respacing %s is the recorded one',
  (respacing, recorded) => {
    const schedule = respacedSchedule(respacing);
    expect(schedule.timesteps).toEqual(recorded.timestep_map);
    expectClose(schedule.betas, recorded.betas);
    expectClose(schedule.logBetas, recorded.log_betas);
    expectClose(schedule.alphasCumprod, recorded.alphas_cumprod);
    expectClose(schedule.alphasCumprodPrevious, recorded.alphas_cumprod_prev);
    expectClose(schedule.sqrtRecipAlphasCumprod, recorded.sqrt_recip_alphas_cumprod);
    expectClose(schedule.sqrtRecipM1AlphasCumprod, recorded.sqrt_recipm1_alphas_cumprod);
    expectClose(schedule.posteriorMeanCoef1, recorded.posterior_mean_coef1);
    expectClose(schedule.posteriorMeanCoef2, recorded.posterior_mean_coef2);
    expectClose(schedule.posteriorVariance, recorded.posterior_variance);
    expectClose(schedule.posteriorLogVarianceClipped, recorded.posterior_log_variance_clipped);
  },
);

test('a limit moves the timesteps above it down and merges them', () => {
  const { timesteps } = respacedSchedule(50, { maxTimestep: 950 });
  expect(timesteps.at(-1)).toBe(950);
  expect(timesteps.slice(0, -1)).toEqual(respacedSchedule(50).timesteps.filter((timestep) => timestep < 950));
});

test('the factor of ε at the first step falls from 20,291 to 13 under the limit 950', () => {
  expect(respacedSchedule(20).sqrtRecipAlphasCumprod.at(-1)).toBeCloseTo(20_291, -1);
  expect(respacedSchedule(20, { maxTimestep: 950 }).sqrtRecipAlphasCumprod.at(-1)).toBeCloseTo(13, 0);
});

test('a limit outside 1 … 999 is refused', () => {
  for (const maxTimestep of [0, 1000, 1.5]) {
    expect(() => respacedSchedule(10, { maxTimestep })).toThrow(InvalidOptionError);
  }
});
