import { parseSpec, resolveSampling, samplingSteps } from '@tessera/format';
import { expect, test } from 'vitest';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';
import { timeLeft } from './time-left.js';

test('what is left is what each variant has to draw, at its own pace', () => {
  const left = timeLeft(
    new Map([
      ['slow', 0],
      ['fast', 60],
    ]),
    100,
  );
  expect(left.seconds()).toBeUndefined();
  left.update('slow', 10, 2);
  left.update('fast', 70, 0.5);
  expect(left.seconds()).toBeCloseTo(90 * 2 + 30 * 0.5);
  expect(left.fraction()).toBeCloseTo(80 / 200);
});

test('a variant that has not drawn yet is taken to be as fast as the others', () => {
  const left = timeLeft(
    new Map([
      ['one', 0],
      ['other', 0],
    ]),
    10,
  );
  left.update('one', 5, 3);
  expect(left.seconds()).toBeCloseTo(15 * 3);
});

test('a variant of fewer steps is taken to be faster in proportion', () => {
  const left = timeLeft(
    new Map([
      ['slow', 0],
      ['fast', 0],
    ]),
    10,
    new Map([
      ['slow', 64],
      ['fast', 16],
    ]),
  );
  left.update('slow', 5, 4);
  expect(left.seconds()).toBeCloseTo(5 * 4 + 10 * 1);
  left.update('fast', 2, 3);
  expect(left.seconds()).toBeCloseTo(5 * 4 + 8 * 3);
});

test.each([
  ['mar:16x50', 16],
  ['gtr-32', 32],
  ['gtr-16:6+3+4+2+1', 16],
])('%s has %d steps', (text, steps) => {
  expect(samplingSteps(resolveSampling(parseSpec(text), FAKE_MANIFEST.sampling))).toBe(steps);
});

test('a slower machine shows after a few batches', () => {
  const left = timeLeft(new Map([['arm', 0]]), 1000);
  for (let batch = 1; batch <= 20; batch++) left.update('arm', batch, batch < 5 ? 1 : 4);
  expect(left.seconds()! / 980).toBeGreaterThan(3.9);
});
