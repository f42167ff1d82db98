import { keyedNoise } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { atOnce } from './chunked.js';
import { manifoldOf, precisionAndRecall } from './precision-recall.js';
import { chunkedRecallResampler } from './recall-resampler.js';
import { halfOf, varianceCorrection } from './resampling.js';
import { normalFeatures } from './testing/synthetic-features.js';

const axes = (deviation: number) =>
  [deviation, deviation, deviation].map((each) => ({ mean: 0, deviation: each }));
const COUNT = 120;
const WIDTH = 3;
const real = manifoldOf(normalFeatures(0, COUNT, axes(1)), WIDTH);
const narrow = (seed: number) => manifoldOf(normalFeatures(seed, COUNT, axes(0.7)), WIDTH);
const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
};

describe('chunkedRecallResampler', () => {
  it('gives recall itself where all pictures are taken', () => {
    const generated = narrow(1);
    const recallOf = atOnce(chunkedRecallResampler(generated, real));
    expect(recallOf(new Uint8Array(COUNT).fill(1))).toBe(precisionAndRecall(generated, real).recall);
  });

  it('gives the recall of a part by itself', () => {
    const features = normalFeatures(1, COUNT, axes(0.7));
    const taken = halfOf(new Uint8Array(COUNT), keyedNoise({ seed: 4 }));
    const part = features.filter((_, i) => taken[Math.floor(i / WIDTH)] === 1);
    const recallOf = atOnce(chunkedRecallResampler(manifoldOf(features, WIDTH), real));
    expect(recallOf(taken)).toBe(precisionAndRecall(manifoldOf(part, WIDTH), real).recall);
  });

  it('varies over halves of a few pictures about as recall does over other pictures', () => {
    const labels = new Uint8Array(COUNT);
    const recalls = Array.from(
      { length: 60 },
      (_, seed) => precisionAndRecall(narrow(seed + 1), real).recall,
    );
    const recallOf = atOnce(chunkedRecallResampler(narrow(1), real));
    const halves = Array.from({ length: 200 }, (_, seed) => recallOf(halfOf(labels, keyedNoise({ seed }))));
    const ratio = (varianceCorrection(labels) * deviation(halves)) / deviation(recalls);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.5);
  });
});
