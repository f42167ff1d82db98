import { checkPolicy } from '@tessera/core/testing';
import { describe, expect, test } from 'vitest';
import { policyFrom } from './policy-description.js';
import { NAMED_POLICIES, paceOf, policyNamed } from './policy-names.js';

const described = (text: string, changes = {}) => policyNamed(text, changes).description;

describe.each(Object.entries(NAMED_POLICIES))('the policy %s', (name, { description }) => {
  test('decodes every position exactly once', async () => {
    const errors = (
      await checkPolicy(policyFrom(description), { shapes: [{ height: 16, width: 16 }] })
    ).filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([]);
  });

  test('survives being written down', () => {
    expect(JSON.parse(JSON.stringify(described(name)))).toEqual(described(name));
  });
});

test('numbers after the name change the steps', () => {
  expect(described('mar:32x50')).toMatchObject({ order: 'random', steps: 32, diffusionSteps: 50 });
  expect(described('mar:16')).toMatchObject({ steps: 16, diffusionSteps: 100 });
  expect(described('mar:x25')).toMatchObject({ steps: 64, diffusionSteps: 25 });
  expect(described('disa:32×30+5')).toMatchObject({ steps: 32, diffusionSteps: { from: 30, to: 5 } });
  expect(described('gtr-16:8+2+1x40+15+10+60')).toMatchObject({
    steps: [8, 2, 1],
    maxSteps: 40,
    minSteps: 15,
    reconstructionSteps: 10,
    frequencyWeighted: { ratio: 0.1, detailSteps: 60 },
  });
  expect(described('gtr-16:8+2+1x30')).toMatchObject({ maxSteps: 30, minSteps: 30, reconstructionSteps: 30 });
});

test('options win over numbers after the name', () => {
  expect(described('mar:32x50', { steps: '8' })).toMatchObject({ steps: 8, diffusionSteps: 50 });
  expect(described('gtr-32', { steps: '4,2,1', diffusionSteps: '9' })).toMatchObject({
    steps: [4, 2, 1],
    maxSteps: 9,
  });
});

test.each([
  'nope',
  'toString',
  'mar:0',
  'mar:8+8',
  'mar:8x1+2+3',
  'gtr-16:12',
  'gtr-16-no-fts:8+2+1x9+9+9+9',
  'mar:8xx',
  'mar:',
  'mar:8x',
  'mar:8x5:3',
  'mar:+',
])('%s is refused as wrong usage', (text) => {
  expect(() => policyNamed(text)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('a pace is said in a few signs', () => {
  expect(paceOf(described('mar'))).toBe('64 × 100');
  expect(paceOf(described('disa'))).toBe('64 × 50-5');
  expect(paceOf(described('gtr-32'))).toBe('24+6+2 × 50-20');
});
