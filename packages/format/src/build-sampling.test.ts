import type { ReuseAbilities } from '@tessera/core/model';
import { expect, test } from 'vitest';
import { assertSamplingFits } from './build-sampling.js';
import { parseSpec } from './parse-spec.js';
import { POLICY_NAMES } from './presets.js';
import { resolveSampling } from './resolve-sampling.js';

const SHAPE = { height: 16, width: 16, channels: 3 };
const ADVISED = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: [5, 5, 5] };

const ALL: ReuseAbilities = { guidance: true, tokens: true, head: true };

const check = (text: string, { advised = ADVISED, reuses = ALL } = {}) =>
  assertSamplingFits(resolveSampling(parseSpec(text), advised), { shape: SHAPE, reuses });

test.each(POLICY_NAMES)('%s fits a grid of 256 tokens', (name) => {
  expect(() => check(name)).not.toThrow();
});

test.each([
  'mar:257',
  'mar:x1001',
  'mar:x1',
  'disa:x1001+5',
  'disa:x50+1',
  'gtr-16:x1001',
  'gtr-16:x50+20+1001',
  'gtr-16:x50+20+20+1001',
  'mar:x1001/sampler=dpm',
  'mar:x1001/sampler=ddim',
])('%s does not', (text) => {
  expect(() => check(text)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
});

test.each([
  ['a first count of GtR', 'gtr-16:x1+20', 1],
  ['the last count of GtR', 'gtr-16:x50+1+20', 1],
  [
    'a count of the reconstruction, which is planned even where FTS overrules it',
    'gtr-16:x50+20+1/fts=all',
    1,
  ],
  ['a count of FTS', 'gtr-16:x50+20+20+1', 1],
  ['a count that DPM-Solver++ lacks', 'mar:x997/sampler=dpm', 997],
  ['a count beyond all', 'mar:x1001', 1001],
])('the error names %s as it was typed', (_, text, count) => {
  expect(() => check(text)).toThrow(
    expect.objectContaining({
      code: 'invalid-option',
      message: expect.stringMatching(`^diffusion steps = ${count}: .* from [12] to \\d+\\.$`),
    }),
  );
});

test.each([
  ['the last count where a single generation step takes the first', 'gtr-16:1+1x50+1+20'],
  ['the detail count where FTS chooses nothing', 'gtr-16:x50+20+20+1/fts=high:0'],
  ['the last count where a single step takes the first', 'mar:1x50+1'],
])('a count that no token gets may be any: %s', (_, text) => {
  expect(() => check(text)).not.toThrow();
});

test('a clamp of another number of channels does not', () => {
  expect(() => check('mar', { advised: { ...ADVISED, clamp: [5, 5] } })).toThrow(
    expect.objectContaining({ code: 'shape-mismatch' }),
  );
});

test.each([
  ['lazymar', { ...ALL, tokens: false }],
  ['lazymar', { ...ALL, head: false }],
  ['gtr-16/lazy=stages/lazy-parts=guidance', { ...ALL, guidance: false }],
])('%s does not fit a model that lacks what its steps reuse', (text, reuses) => {
  expect(() => check(text, { reuses })).toThrow(expect.objectContaining({ code: 'reuse-unsupported' }));
});

test('a part that no step reuses may be lacking', () => {
  const reuses = { guidance: true, tokens: false, head: false };
  expect(() => check('gtr-16/lazy=stages/lazy-parts=guidance', { reuses })).not.toThrow();
});
