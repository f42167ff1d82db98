import { describe, expect, test } from 'vitest';
import { parseSpec } from './parse-spec.js';
import { resolveSampling, resolveSettings } from './resolve-sampling.js';
import type { SamplingOverrides } from './sampling-config.js';

const ADVISED = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: 5 };

const guidanceOf = (text: string, guidance: NonNullable<SamplingOverrides['guidance']>) =>
  resolveSampling(parseSpec(text), ADVISED, { guidance }).guidance;

test('the timestep that a policy starts from is taken from either place, the choice first', () => {
  const startOf = (said: SamplingOverrides, otherwise: SamplingOverrides) =>
    resolveSettings(said, ADVISED, otherwise).sampler;
  const ancestral = (maxTimestep: number) => ({ name: 'ancestral', maxTimestep });
  expect(startOf({}, { preset: { sampler: { maxTimestep: 950 } } })).toEqual(ancestral(950));
  expect(
    startOf({ preset: { sampler: { maxTimestep: 900 } } }, { preset: { sampler: { maxTimestep: 950 } } }),
  ).toEqual(ancestral(900));
  expect(startOf({}, { preset: { sampler: { maxTimestep: 950 } }, sampler: { maxTimestep: 990 } })).toEqual(
    ancestral(990),
  );
  expect(startOf({}, {})).toEqual(ancestral(999));
});

test('a sampler that the choice names has no settings of another one', () => {
  const otherwise = { sampler: { name: 'ddim' as const, eta: 0.5, maxTimestep: 900 } };
  const samplerOf = (text: string) => resolveSampling(parseSpec(text), ADVISED, otherwise).sampler;
  expect(samplerOf('mar/sampler=dpm')).toEqual({ name: 'dpm', minLogSnr: -5.1, order: 2 });
  expect(samplerOf('mar/sampler=ddim')).toEqual({ name: 'ddim', eta: 0.5, maxTimestep: 900 });
  expect(samplerOf('mar')).toEqual({ name: 'ddim', eta: 0.5, maxTimestep: 900 });
});

describe('what gtr-fast brings along', () => {
  const corrector = {
    ...{ method: 'least-likely', share: 0.25, rounds: 2 },
    ...{ diffusionSteps: 8, parts: 2, evaluations: 1 },
  };

  test('is DPM-Solver++ and a corrector, unless something else is asked for', () => {
    const { sampler, corrector: own } = resolveSampling(parseSpec('gtr-fast'), ADVISED);
    expect([sampler.name, own]).toEqual(['dpm', corrector]);
    const other = resolveSampling(parseSpec('gtr-fast/sampler=heun/corrector=0.1:3'), ADVISED);
    expect([other.sampler.name, other.corrector]).toEqual(['heun', { ...corrector, share: 0.1, rounds: 3 }]);
    expect(resolveSampling(parseSpec('gtr-fast/corrector=off'), ADVISED)).not.toHaveProperty('corrector');
  });

  test('leaves a head that predicts the velocity its own sampler', () => {
    const velocity = { ...ADVISED, sampler: 'euler' as const };
    expect(resolveSampling(parseSpec('gtr-fast'), velocity)).toMatchObject({
      sampler: { name: 'euler' },
      corrector,
    });
  });
});

describe('an interval to guide in', () => {
  const interval = { above: 0, upTo: 0.3 };

  test('is of the schedule "interval", whoever asks for that', () => {
    const guided = { schedule: 'interval', scale: 3, ...interval };
    expect(guidanceOf('mar', { schedule: 'interval', ...interval })).toEqual(guided);
    expect(guidanceOf('mar/guidance=interval', interval)).toEqual(guided);
    const advised = {
      ...ADVISED,
      guidance: { schedule: 'interval' as const, scale: 3, above: 0.1, upTo: 0.5 },
    };
    expect(resolveSampling(parseSpec('mar'), advised, { guidance: interval }).guidance).toEqual(guided);
  });

  test.each([
    ['mar', {}],
    ['mar', { schedule: 'constant' }],
    ['mar/guidance=constant:2', {}],
  ] as const)('is refused for %s with %j, rather than dropped', (text, settings) => {
    expect(() => guidanceOf(text, { ...settings, ...interval })).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining('0-0.3') }),
    );
  });

  test('gives way to a policy that says another schedule', () => {
    expect(guidanceOf('mar/guidance=constant:2', { schedule: 'interval', ...interval })).toEqual({
      schedule: 'constant',
      scale: 2,
    });
  });
});
