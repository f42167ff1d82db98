import { describe, expect, test } from 'vitest';
import { stepsText } from './describe-sampling.js';
import { parseSpec } from './parse-spec.js';

const described = (text: string, numbers = {}) => parseSpec(text, numbers).policy;

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

test.each([
  ['gtr-32', 20, 50],
  ['gtr-32:x30', 30, 50],
  ['gtr-32:x100', 100, 100],
  ['gtr-32:x50+20+80', 80, 80],
  ['gtr-32:x100+100+100+40', 100, 40],
])(
  'tokens chosen by FTS get no fewer diffusion steps than others unless told so: %s',
  (text, rest, detail) => {
    expect(described(text)).toMatchObject({
      reconstructionSteps: rest,
      frequencyWeighted: { ratio: 0.1, detailSteps: detail, choose: 'high' },
    });
  },
);

describe('numbers beside the text', () => {
  test('fill in what it leaves out, by comma or plus', () => {
    expect(described('mar:x50', { steps: '8' })).toMatchObject({ steps: 8, diffusionSteps: 50 });
    expect(described('gtr-32', { steps: '4,2,1', 'diffusion-steps': '9+5' })).toMatchObject({
      steps: [4, 2, 1],
      maxSteps: 9,
      minSteps: 5,
    });
  });

  test('that it has already are refused, rather than one of them ignored', () => {
    expect(() => described('mar:32x50', { steps: '8' })).toThrow('32 and --steps 8 both give steps');
    expect(() => described('mar:32x50', { 'diffusion-steps': '8' })).toThrow('both give diffusion-steps');
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
])('%s is refused', (text) => {
  expect(() => parseSpec(text)).toThrow(expect.objectContaining({ code: 'sampler-spec' }));
});

test('a pace is said in a few signs', () => {
  expect(stepsText(described('mar'))).toBe('64 × 100');
  expect(stepsText(described('disa'))).toBe('64 × 50-5');
  expect(stepsText(described('gtr-32'))).toBe('24+6+2 × 50-20');
  expect(stepsText(described('gtr-32:24+6+2x50'))).toBe('24+6+2 × 50');
});
