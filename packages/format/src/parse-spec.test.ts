import { planImage } from '@tessera/core/model';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { buildSampling } from './build-sampling.js';
import { describeSampling } from './describe-sampling.js';
import { specWords } from './parameter-help.js';
import { parseSpec } from './parse-spec.js';
import { resolveSampling } from './resolve-sampling.js';
import { samplingSchema } from './sampling-config.js';

const ADVISED = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: 5 };

const described = (text: string) => resolveSampling(parseSpec(text), ADVISED);

const lineOf = (text: string) => describeSampling(described(text)).join(', ');

/** Comparisons that can be told by text, each with a property that tells its arms apart. */
const COMPARISONS = {
  'order, at equal steps and equal counts': [
    'raster:32x50',
    'subsample:32x50',
    'random:32x50',
    'halton:32x50/counts=cosine',
    'diagonal:32x50',
    'quincunx:32x50',
  ],
  "order, at GtR's pace": ['gtr-32', 'gtr-32/subsets=quincunx', 'gtr-32/subsets=random'],
  "the parts of GtR: none, its order and steps, its stages' diffusion steps, both, FTS as well": [
    'mar:64x50',
    'gtr-32:x50/fts=off',
    'gtr-32:30+13+21/subsets=random/fts=off',
    'gtr-32/fts=off',
    'gtr-32',
  ],
  'the choice of FTS': [
    'gtr-32/fts=high',
    'gtr-32/fts=low',
    'gtr-32/fts=random',
    'gtr-32/fts=all',
    'gtr-32/fts=off',
  ],
  'speed against quality': [
    'mar:64x100',
    'mar:32x50',
    'mar:16x50',
    'gtr-32',
    'gtr-16',
    'gtr-16/fts=off',
    'disa',
    'halton',
  ],
  'guidance apart from order': ['mar', 'gtr-16'].flatMap((name) =>
    ['constant:3', 'linear:3', 'interval:3:0-0.5'].map((guidance) => `${name}/guidance=${guidance}`),
  ),
  'samplers of the head': [
    ...[100, 50, 20, 10].map((steps) => `mar:64x${steps}`),
    ...['/max-timestep=950', '/sampler=ddim', '/sampler=ddim/max-timestep=999'].map(
      (how) => `mar:64x20${how}`,
    ),
    ...[20, 14, 10, 8].flatMap((steps) =>
      ['', '/min-log-snr=-10'].map((how) => `mar:64x${steps}/sampler=dpm${how}`),
    ),
    ...[14, 10].map((steps) => `mar:64x${steps}/sampler=dpm-sde`),
  ],
} satisfies Readonly<Record<string, readonly string[]>>;

/** Texts that differ from `mar`, `disa` or `gtr-32` in one choice each. */
const CHOICES = [
  ...['mar', 'mar/counts=even', 'mar/max-timestep=950', 'mar/clamp=off', 'mar/clamp=4', 'mar/temperature=1'],
  ...['halton', 'halton/counts=cosine', 'disa', 'disa/annealing=cosine', 'disa/max-timestep=999'],
  ...['mar/guidance=interval:3:0-0.5', 'mar/guidance=interval:3:0-0.4', 'mar/guidance=interval:3:0.1-0.5'],
  ...['mar/sampler=ddim', 'mar/sampler=ddim/eta=0.5', 'mar/sampler=ddim/max-timestep=999'],
  ...['mar/sampler=dpm', 'mar/sampler=dpm/min-log-snr=-10', 'mar/sampler=dpm/solver-order=1'],
  ...['mar/sampler=dpm-sde', 'gtr-32', 'gtr-32/parity=1', 'gtr-32/fts=high:0.25', 'gtr-32/fts=low'],
  ...['gtr-32:x50+20+10', 'gtr-32:x50+20+20+40', 'gtr-32/subsets=quincunx'],
  ...['gtr-32:x100', 'gtr-32:x100+100+100+50'],
];

describe.each(Object.entries(COMPARISONS))('the comparison of %s', (_, texts) => {
  test('has arms that all differ, survive being written down and can be carried out', () => {
    const arms = texts.map(described);
    expect(new Set(arms.map((arm) => JSON.stringify(arm))).size).toBe(texts.length);
    for (const arm of arms) {
      expect(v.parse(samplingSchema, JSON.parse(JSON.stringify(arm)))).toEqual(arm);
      const { policy, sampler } = buildSampling(arm);
      expect(planImage(policy, { height: 16, width: 16 }).length).toBeGreaterThan(1);
      expect(sampler(8).steps.length).toBeGreaterThan(6);
    }
  });
});

test('what stands behind a policy changes that and nothing else', () => {
  const plain = described('gtr-16');
  const { policy } = plain;
  expect(described('gtr-16/fts=low')).toEqual({
    ...plain,
    policy: { ...policy, frequencyWeighted: { ratio: 0.1, detailSteps: 50, choose: 'low' } },
  });
  expect(described('gtr-16-no-fts/fts=high:0.25').policy).toMatchObject({
    frequencyWeighted: { ratio: 0.25, detailSteps: 50, choose: 'high' },
  });
  expect(described('gtr-16/fts=off')).toEqual(described('gtr-16-no-fts'));
  expect(described('gtr-16-no-fts:x100/fts=high')).toEqual(described('gtr-16:x100'));
  expect(described('gtr-16-no-fts:x50+20+20+30/fts=high').policy).toMatchObject({
    frequencyWeighted: { ratio: 0.1, detailSteps: 30, choose: 'high' },
  });
  expect(parseSpec('gtr-16-no-fts', { 'diffusion-steps': '50+20+20+30', fts: 'high' })).toEqual(
    parseSpec('gtr-16-no-fts:x50+20+20+30/fts=high'),
  );
  // What else is given stays in the order of the text.
  expect(described('gtr-16:x50+20/max-diffusion-steps=100/fts=low').policy).toMatchObject({ maxSteps: 100 });
  expect(described('gtr-16/parity=1')).toEqual(described('gtr-16-odd'));
  expect(described('gtr-16/subsets=quincunx')).toEqual(described('gtr-16-quincunx'));
  expect(described('gtr-16/guidance=2')).toEqual({ ...plain, guidance: { schedule: 'linear', scale: 2 } });
  expect(described('gtr-16/guidance=constant').guidance).toEqual({ schedule: 'constant', scale: 3 });
  expect(described('gtr-16/guidance=off').guidance).toEqual({ schedule: 'constant', scale: 1 });
  expect(described('gtr-16/guidance=interval:4:0.1-0.6').guidance).toEqual({
    schedule: 'interval',
    scale: 4,
    above: 0.1,
    upTo: 0.6,
  });
  expect(described('gtr-16/guidance=interval').guidance).toMatchObject({ scale: 3, above: 0, upTo: 0.5 });
  expect(described('gtr-16/temperature=0.9')).toEqual({ ...plain, temperature: 0.9 });
  expect(described('gtr-16/clamp=off').clamp).toBe(null);
  expect(described('gtr-16/clamp=4').clamp).toBe(4);
  expect(described('mar/sampler=ddim/eta=0.5').sampler).toEqual({ name: 'ddim', maxTimestep: 950, eta: 0.5 });
  expect(described('disa/sampler=dpm/solver-order=1').sampler).toEqual({
    name: 'dpm',
    minLogSnr: -5.1,
    order: 1,
  });
  expect(described('mar:64x10/sampler=dpm-sde').sampler).toEqual({
    name: 'dpm-sde',
    minLogSnr: -5.1,
    order: 2,
  });
  expect(described('disa').sampler).toEqual({ name: 'ancestral', maxTimestep: 950 });
  expect(described('disa/annealing=cosine').policy).toMatchObject({
    diffusionSteps: { from: 50, to: 5, shape: 'cosine' },
  });
  expect(described('mar/counts=even').policy).toMatchObject({ counts: 'even' });
});

test.each([
  'mar/',
  'mar/nope=1',
  'mar/toString=1',
  'mar/fts=low',
  'mar/subsets=random',
  'gtr-16/counts=even',
  'mar/annealing=cosine',
  'gtr-16/fts=',
  'gtr-16:x50+20+20+30/fts=off',
  'gtr-fast:x8+8+8+16',
  'gtr-16/fts=all:0.5',
  'gtr-16/fts=high:2',
  'gtr-16/fts=high:0.1:junk',
  'gtr-16/parity=2',
  'mar/guidance=',
  'mar/guidance=constant:3:0-0.5',
  'mar/guidance=interval:3:0.5-0.1',
  'mar/guidance=interval:3:0-0.5-1',
  'mar/guidance=interval:3:0-0.5:1',
  'mar/guidance=-1',
  'mar/guidance=linear:x',
  'mar/temperature=hot',
  `mar/temperature=${'9'.repeat(400)}`,
  'mar/clamp=-1',
  'mar/sampler=ode',
  'mar/max-timestep=1000',
  'mar/sampler=dpm/min-log-snr=5',
  'mar/sampler=dpm/solver-order=3',
  'mar/sampler=ddim/eta=2',
  'mar/guidance=2/guidance=3',
])('%s is refused', (text) => {
  expect(() => parseSpec(text)).toThrow(expect.objectContaining({ code: 'sampler-spec' }));
});

test('a value that can’t be is answered with those that can', () => {
  for (const { flag } of specWords()) {
    for (const name of ['mar', 'gtr-32']) {
      expect(() => parseSpec(`${name}/${flag}=?`)).toThrow(`${flag}=`);
    }
  }
});

test('a sampler is not given what it does not have', () => {
  expect(() => described('mar/sampler=dpm/max-timestep=950')).toThrow(
    'max-timestep = 950: is of the sampler ancestral and ddim, and the sampler is dpm. Choose ancestral, or leave it out.',
  );
  expect(() => described('mar/eta=0.5')).toThrow('eta = 0.5: is of the sampler ddim');
  expect(() => described('mar/solver-order=1')).toThrow('Choose dpm, or leave it out');
});

test('a sampling is described in a line', () => {
  expect(lineOf('mar')).toBe('random order 64 × 100, guidance linear:3, temperature 0.8, clamp 5');
  expect(lineOf('gtr-16/subsets=random/fts=low/sampler=dpm')).toBe(
    'GtR 12+3+1 × 50-20, subsets random, fts low:0.1, guidance linear:3, temperature 0.8, clamp 5, sampler dpm',
  );
  expect(lineOf('gtr-16/fts=off')).toMatch(/^GtR 12\+3\+1 × 50-20, fts off/);
});

test.each([...Object.entries(COMPARISONS), ['one choice', CHOICES] as const])(
  'samplings that differ have lines that differ: %s',
  (_, texts) => {
    expect(new Set(texts.map(lineOf)).size).toBe(texts.length);
  },
);

test('what a line leaves out is the default', () => {
  expect(lineOf('disa/sampler=dpm/solver-order=1/clamp=off')).toBe(
    'random order 64 × 50-5, guidance linear:3, temperature 0.8, clamp off, sampler dpm, solver-order 1',
  );
  expect(lineOf('gtr-32-odd:24+6+2x40+15+10+45/fts=low:0.2')).toBe(
    'GtR 24+6+2 × 40-15-10-45, first-colour 1, fts low:0.2, guidance linear:3, temperature 0.8, clamp 5',
  );
  expect(lineOf('gtr-32:x100')).toMatch(/^GtR 24\+6\+2 × 100, guidance/);
  expect(lineOf('gtr-32:x100+100+100+50')).toContain('× 100-100-100-50, guidance');
  const clamp = [5, 4, 6.5];
  expect(describeSampling({ ...described('mar'), clamp })).toContain('clamp 4-6.5 by channel');
});
