import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NonFiniteError, ShapeMismatchError } from '../errors.js';
import type { DiffusionStep } from './sampler-coefficients.js';
import { type SamplerStep, samplerStep } from './sampler-step.js';

const learned: DiffusionStep = {
  timestep: 500,
  xStart: { x: 2, output: 1.5 },
  update: { x: 0.25, xStart: 0.5, previousXStarts: [0.125] },
  noise: { kind: 'learned', minLogVariance: -4, maxLogVariance: -2 },
};
const quiet: DiffusionStep = { ...learned, noise: { kind: 'none' } };

/** Two tokens of one channel: [ε | v] rows, conditional then unconditional. */
const request = (changes: Partial<SamplerStep> = {}): SamplerStep => ({
  step: learned,
  channels: 1,
  x: Float32Array.of(1, -2),
  xStarts: [Float32Array.of(0.5, 4)],
  output: Float32Array.of(0.5, 1, 1, 0),
  guidanceScale: [],
  noise: Float32Array.of(2, -1),
  temperature: 1,
  ...changes,
});

test('a step is x0, update and learned noise, by hand', () => {
  const tokens = request();
  samplerStep(tokens);
  // x0 = 2·1 − 1.5·0.5 = 1.25 and 2·(−2) − 1.5·1 = −5.5; σ = exp(−2/2) at v = 1, exp(−3/2) at v = 0.
  expect([...tokens.xStarts[0]!]).toEqual([1.25, -5.5]);
  expect(tokens.x[0]).toBeCloseTo(0.25 * 1 + 0.5 * 1.25 + 0.125 * 0.5 + 2 * Math.exp(-1), 6);
  expect(tokens.x[1]).toBeCloseTo(0.25 * -2 + 0.5 * -5.5 + 0.125 * 4 - Math.exp(-1.5), 6);
});

test('guidance moves ε by each row’s scale, and v stays the conditional one', () => {
  const tokens = request({
    output: Float32Array.of(0.5, 1, 1, 0, /* unconditional */ 0.25, -9, 2, 9),
    guidanceScale: [3, 1],
  });
  samplerStep(tokens);
  // ε = 0.25 + 3·(0.5 − 0.25) = 1 in the first row, the conditional 1 in the second.
  expect([...tokens.xStarts[0]!]).toEqual([0.5, -5.5]);
  expect(tokens.x[0]).toBeCloseTo(0.25 * 1 + 0.5 * 0.5 + 0.125 * 0.5 + 2 * Math.exp(-1), 6);
});

test('scale 1 gives the bits of the unguided step', () => {
  const value = fc.float({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 8, maxLength: 8 }), (output) => {
      const guided = request({ output: Float32Array.from(output), guidanceScale: [1, 1] });
      const plain = request({ output: Float32Array.from(output.slice(0, 4)) });
      samplerStep(guided);
      samplerStep(plain);
      expect(guided.x).toEqual(plain.x);
    }),
  );
});

test('a row does not depend on its neighbours', () => {
  const batch = request();
  const alone = request({
    x: Float32Array.of(-2),
    xStarts: [Float32Array.of(4)],
    output: Float32Array.of(1, 0),
    noise: Float32Array.of(-1),
  });
  samplerStep(batch);
  samplerStep(alone);
  expect(alone.x[0]).toBe(batch.x[1]);
});

test('temperature scales the noise alone', () => {
  const [cold, warm, half] = [0, 1, 0.5].map((temperature) => request({ temperature }));
  for (const tokens of [cold!, warm!, half!]) samplerStep(tokens);
  expect(half!.x[0]).toBeCloseTo((cold!.x[0]! + warm!.x[0]!) / 2, 6);
  const silent = request({ step: quiet, noise: undefined });
  samplerStep(silent);
  expect(cold!.x).toEqual(silent.x);
});

test('fixed noise has its own σ, whatever v says', () => {
  const tokens = request({ step: { ...learned, noise: { kind: 'fixed', sigma: 0.25 } } });
  const silent = request({ step: quiet });
  samplerStep(tokens);
  samplerStep(silent);
  expect(tokens.x[0]! - silent.x[0]!).toBeCloseTo(2 * 0.25, 6);
});

test('the clamp limits x0 by one number, or by one for each channel', () => {
  const wide = () => request({ channels: 2, output: Float32Array.of(0.5, 1, 1, 0) });
  const both = { ...wide(), clamp: 1 };
  const each = { ...wide(), clamp: [0.5, 3] };
  samplerStep(both);
  samplerStep(each);
  // x0 without a clamp: 2·1 − 1.5·0.5 = 1.25 and 2·(−2) − 1.5·1 = −5.5.
  expect([...both.xStarts[0]!]).toEqual([1, -1]);
  expect([...each.xStarts[0]!]).toEqual([0.5, -3]);
});

test('the first step does not read the x0 before it', () => {
  const first = { ...learned, update: { ...learned.update, previousXStarts: [0] } };
  const tokens = request({ step: first, xStarts: [Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY)] });
  samplerStep(tokens);
  expect(tokens.x.every(Number.isFinite)).toBe(true);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'a head that gives %d is found out in ε and in v, under a clamp too',
  (bad) => {
    for (const place of [2, 3, 6]) {
      const output = Float32Array.of(0.5, 1, 1, 0, 0.25, 0, 2, 0);
      output[place] = bad;
      const tokens = request({ step: quiet, output, guidanceScale: [3, 3], clamp: 1 });
      expect(() => samplerStep(tokens)).toThrow(NonFiniteError);
      expect(() => samplerStep({ ...tokens, output })).toThrow(/timestep 500, row 1/);
    }
  },
);

test('an x that leaves float32 is found out', () => {
  const tokens = request({ output: Float32Array.of(1, 1000, 1, 0) });
  expect(() => samplerStep(tokens)).toThrow(NonFiniteError);
});

test.each<[string, Partial<SamplerStep>]>([
  ['xStarts', { xStarts: [new Float32Array(1)] }],
  ['xStarts', { xStarts: [] }],
  ['output', { output: new Float32Array(6) }],
  ['guidanceScale', { output: new Float32Array(8), guidanceScale: [2] }],
  ['noise', { noise: undefined }],
  ['clamp', { clamp: [1, 2] }],
  ['x', { x: new Float32Array(3), channels: 2 }],
])('an array of the wrong length is named: %s', (name, changes) => {
  const tokens = request(changes);
  expect(() => samplerStep(tokens)).toThrow(ShapeMismatchError);
  expect(() => samplerStep(tokens)).toThrow(new RegExp(`^${name} `));
});
