import { expect, test } from 'vitest';
import { keyedNoise } from './keyed.js';
import type { NoiseSource } from './source.js';

// The noise is fixed by its keys, so each test gives the same figure every time. The limits are those that a fair
// source would break once in some ten thousand keys: 4 standard errors, and the matching Kolmogorov–Smirnov bound.
const COUNT = 2 ** 20;
const CHANNELS = 16;

/** `COUNT` normals, keyed as the head loop keys them. */
function tokens(source: NoiseSource, positionOffset = 0, stepOffset = 0): Float32Array {
  const out = new Float32Array(COUNT);
  for (let i = 0; i < COUNT; i += CHANNELS) {
    const row = i / CHANNELS;
    const [position, step] = [(row % 256) + positionOffset, Math.floor(row / 256) + stepOffset];
    source.tokenNormal(position, step, out.subarray(i, i + CHANNELS));
  }
  return out;
}

const base = keyedNoise({ seed: 1 });
const sets = {
  'token normals': tokens(base),
  'stream normals': keyedNoise({ seed: 1 }).normal(new Float32Array(COUNT)),
};

function normalCdf(x: number): number {
  // erfc by its continued fraction in the tails and its series in the middle; far more exact than needed here.
  const z = Math.abs(x);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let upper = z;
  if (z > 3) {
    for (let k = 30; k > 0; k--) upper = z + k / upper;
    upper = density / upper;
  } else {
    let term = z;
    let sum = z;
    for (let k = 3; k < 60; k += 2) sum += term *= (z * z) / k;
    upper = 0.5 - density * sum;
  }
  return x > 0 ? 1 - upper : upper;
}

/** The largest difference between the sample's and the expected distribution function, times √n. */
function kolmogorovSmirnov(sample: Float32Array, cdf: (x: number) => number): number {
  const sorted = sample.toSorted();
  let largest = 0;
  for (let i = 0; i < sorted.length; i++) {
    const expected = cdf(sorted[i]!);
    largest = Math.max(largest, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  }
  return largest * Math.sqrt(sorted.length);
}

function correlation(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum / a.length;
}

const withinErrors = (value: number, expected: number, variance: number) =>
  expect(Math.abs(value - expected)).toBeLessThan(4 * Math.sqrt(variance / COUNT));

test.each(Object.entries(sets))('%s have the first four moments of N(0, 1)', (_, sample) => {
  const moment = (power: number) => sample.reduce((sum, x) => sum + x ** power, 0) / COUNT;
  withinErrors(moment(1), 0, 1);
  withinErrors(moment(2), 1, 2);
  withinErrors(moment(3), 0, 15);
  withinErrors(moment(4), 3, 96);
});

test.each(Object.entries(sets))('%s follow the normal distribution function', (_, sample) => {
  expect(kolmogorovSmirnov(sample, normalCdf)).toBeLessThan(2.2);
});

test.each(Object.entries(sets))('%s reach the tails as often as they should', (_, sample) => {
  for (const limit of [3, 4, 5]) {
    const probability = 2 * normalCdf(-limit);
    const beyond = sample.reduce((count, x) => count + (Math.abs(x) > limit ? 1 : 0), 0);
    const expected = COUNT * probability;
    expect(Math.abs(beyond - expected)).toBeLessThan(4 * Math.sqrt(expected) + 1);
  }
});

test('uniforms follow the uniform distribution function', () => {
  const source = keyedNoise({ seed: 1 }).fork('uniforms');
  const sample = Float32Array.from({ length: COUNT }, () => source.uniform());
  expect(kolmogorovSmirnov(sample, (x) => x)).toBeLessThan(2.2);
});

const neighbours = {
  'the next position': () => tokens(base, 1),
  'a distant position': () => tokens(base, 2 ** 31),
  'the next step': () => tokens(base, 0, 1),
  'the next image': () => tokens(keyedNoise({ seed: 1, image: 1 })),
  'the next seed': () => tokens(keyedNoise({ seed: 2 })),
  'a seed that differs in its upper word': () => tokens(keyedNoise({ seed: 1 + 2 ** 32 })),
  'a fork': () => tokens(base.fork('policy')),
  'the same source’s stream': () => sets['stream normals'],
};

test.each(Object.entries(neighbours))(
  'the noise of %s is uncorrelated, in value and in magnitude',
  (_, make) => {
    const [own, other] = [sets['token normals'], make()];
    withinErrors(correlation(own, other), 0, 1);
    const squares = (sample: Float32Array) => sample.map((x) => (x * x - 1) / Math.SQRT2);
    withinErrors(correlation(squares(own), squares(other)), 0, 1);
  },
);

test('neighbouring channels of a token are uncorrelated', () => {
  const sample = sets['token normals'];
  for (const lag of [1, 2, 3, 4, 8])
    withinErrors(correlation(sample.subarray(lag), sample.subarray(0, -lag)), 0, 1);
});

test('no two blocks are equal over seeds, images, forks, positions, steps and streams', () => {
  const seen = new Set<string>();
  let blocks = 0;
  for (let seed = 0; seed < 8; seed++) {
    for (let image = 0; image < 8; image++) {
      const source = keyedNoise({ seed, image });
      for (const one of [source, source.fork('a'), source.fork(1)]) {
        for (let i = 0; i < 64; i++) {
          seen.add(one.tokenNormal(i % 8, Math.floor(i / 8), new Float32Array(4)).join());
          seen.add(one.normal(new Float32Array(4)).join());
          blocks += 2;
        }
      }
    }
  }
  expect(seen.size).toBe(blocks);
});
