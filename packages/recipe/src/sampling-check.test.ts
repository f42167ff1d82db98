import { expect, test } from 'vitest';
import { POLICY_NAMES } from './named-policies.js';
import { assertSamplingFits } from './sampling-check.js';
import { samplingOf } from './sampling-choice.js';
import { samplingNamed } from './sampling-text.js';

const SHAPE = { height: 16, width: 16, channels: 3 };
const ADVISED = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: [5, 5, 5] };

const check = (text: string, advised = ADVISED) =>
  assertSamplingFits(samplingOf(samplingNamed(text), advised), SHAPE);

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

test('a clamp of another number of channels does not', () => {
  expect(() => check('mar', { ...ADVISED, clamp: [5, 5] })).toThrow(
    expect.objectContaining({ code: 'shape-mismatch' }),
  );
});
