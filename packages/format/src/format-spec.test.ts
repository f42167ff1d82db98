import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { formatSpec } from './format-spec.js';
import { TEXT_ROWS } from './parameters.js';
import { parseSpec } from './parse-spec.js';
import { POLICY_NAMES } from './presets.js';
import { adviseSampling, resolveSampling } from './resolve-sampling.js';
import { type SamplingConfig, samplingSchema } from './sampling-config.js';

const DEFAULTS = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: [5, 4, 6] };

const resolved = (text: string) => resolveSampling(parseSpec(text), DEFAULTS);

const count = fc.integer({ min: 1, max: 300 });
const fraction = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const size = fc.double({ min: 0, max: 20, noNaN: true }).map((value) => value + 0);

const ordered = fc.record({
  order: fc.constantFrom('random', 'raster', 'subsample', 'halton', 'diagonal', 'quincunx'),
  steps: count,
  counts: fc.constantFrom('cosine', 'halton', 'even'),
  diffusionSteps: fc.oneof(
    count,
    fc.record({ from: count, to: count, shape: fc.constantFrom('linear', 'cosine', 'two-stage') }),
  ),
});
const fts = fc.record({
  ratio: fraction,
  detailSteps: count,
  choose: fc.constantFrom('high', 'low', 'random'),
});
const twoStage = fc.record({
  order: fc.constant('gtr'),
  steps: fc.array(count, { minLength: 1, maxLength: 8 }),
  subsets: fc.constantFrom('diagonal', 'quincunx', 'random'),
  parity: fc.constantFrom(0, 1),
  maxSteps: count,
  minSteps: count,
  reconstructionSteps: count,
  frequencyWeighted: fc.oneof(fc.constant(false), fts),
});
const guidance = fc.oneof(
  fc.record({ schedule: fc.constantFrom('constant', 'linear'), scale: size }),
  fc
    .tuple(size, fraction, fraction)
    .filter(([, a, b]) => a !== b)
    .map(([scale, a, b]) => ({ schedule: 'interval', scale, above: Math.min(a, b), upTo: Math.max(a, b) })),
);
const maxTimestep = fc.integer({ min: 1, max: 999 });
const sampler = fc.oneof(
  fc.record({ name: fc.constant('ancestral'), maxTimestep }),
  fc.record({ name: fc.constant('ddim'), maxTimestep, eta: fraction }),
  fc.record({
    name: fc.constantFrom('dpm', 'dpm-sde'),
    minLogSnr: fc.double({ min: -10, max: 0, noNaN: true }).map((value) => value + 0),
    order: fc.constantFrom(1, 2),
  }),
);
const clamp = fc.oneof(fc.constant(null), size, fc.array(size, { minLength: 2, maxLength: 5 }));

const config = fc
  .record({ policy: fc.oneof(ordered, twoStage), guidance, temperature: size, clamp, sampler })
  .map((value) => v.parse(samplingSchema, value));

describe('a spec', () => {
  test('gives the sampling back that it was made of, for a model of any defaults', () => {
    fc.assert(
      fc.property(config, (sampling) => {
        expect(resolved(formatSpec(sampling, DEFAULTS))).toEqual(sampling);
        const none = { guidance: { schedule: 'constant' as const, scale: 1 }, temperature: 1 };
        expect(resolveSampling(parseSpec(formatSpec(sampling)), none)).toEqual(sampling);
      }),
    );
  });

  test('comes back from JSON', () => {
    fc.assert(
      fc.property(config, (sampling: SamplingConfig) => {
        expect(v.parse(samplingSchema, JSON.parse(JSON.stringify(sampling)))).toEqual(sampling);
      }),
    );
  });

  test.each([
    ['random:64x100', 'mar'],
    ['mar:32x100/temperature=0.8', 'mar:32'],
    ['disa:64x50+5/max-timestep=950', 'disa'],
    ['gtr-32-no-fts', 'gtr-32/fts=off'],
    ['gtr-16-odd', 'gtr-16/first-colour=1'],
    ['gtr-32:12+3+1/guidance=linear:3', 'gtr-16'],
    ['gtr-gradual/guidance=off', 'gtr-gradual/guidance=off'],
    ['mar/sampler=ddim/eta=0.5', 'mar/sampler=ddim/eta=0.5'],
    [
      'gtr-gradual:1+1+1+2+2+2+1x8/sampler=dpm/corrector=0.25:2/corrector-diffusion-steps=8/corrector-parts=2/corrector-evaluations=1',
      'gtr-fast:1+1+1+2+2+2+1',
    ],
    ['gtr-fast/corrector=off/sampler=ancestral', 'gtr-gradual:2+2+2+3+3+3+1x8'],
  ])('%s is %s at its shortest', (text, shortest) => {
    expect(formatSpec(resolved(text), DEFAULTS)).toBe(shortest);
  });

  test.each(POLICY_NAMES)('of the policy %s is no longer than its name', (name) => {
    expect(formatSpec(resolved(name), DEFAULTS).length).toBeLessThanOrEqual(name.length);
  });

  test('may have earlier words', () => {
    expect(resolved('gtr-16/parity=1')).toEqual(resolved('gtr-16/first-colour=1'));
    expect(resolved('mar/counts=even')).toEqual(resolved('mar/mask-schedule=even'));
    const aliases = TEXT_ROWS.flatMap((row) => row.aliases ?? []);
    expect(new Set([...aliases, ...TEXT_ROWS.map(({ flag }) => flag)]).size).toBeGreaterThan(aliases.length);
  });
});

describe('a model’s advice', () => {
  const advised = { ...DEFAULTS, advice: 'gtr-gradual/guidance=off' };

  test('holds where nothing is asked for, and is GtR as published where a model has none', () => {
    expect(adviseSampling(advised)).toEqual(resolved('gtr-gradual/guidance=off'));
    expect(adviseSampling(DEFAULTS)).toEqual(resolved('gtr-32'));
  });

  test('is overridden knob by knob, and guidance that it leaves off takes the model’s schedule', () => {
    expect(adviseSampling(advised, { temperature: 1 })).toEqual(
      resolved('gtr-gradual/guidance=off/temperature=1'),
    );
    expect(adviseSampling(advised, { guidance: { scale: 2 } })).toEqual(
      resolved('gtr-gradual/guidance=linear:2'),
    );
    expect(adviseSampling(advised, {}, { 'diffusion-steps': '30' })).toEqual(
      resolved('gtr-gradual:x30/guidance=off'),
    );
  });

  test('is of no consequence for a spec of one’s own', () => {
    expect(resolveSampling(parseSpec('mar'), advised)).toEqual(resolved('mar'));
  });
});
