import type { Study } from '../study/study.js';

/** Two orders of a few steps, twelve pictures each. */
export const SMALL_STUDY: Study = {
  format: 'tessera-study',
  version: 1,
  id: 'small',
  title: 'A small study',
  question: 'Does it work?',
  claim: 'Somebody said so.',
  method: 'Two orders.',
  n: 12,
  seed: 1,
  batch: 6,
  resamples: 100,
  variants: [
    { name: 'random', sampler: 'mar:3x2' },
    { name: 'by rows', sampler: 'raster:3x2' },
  ],
};
