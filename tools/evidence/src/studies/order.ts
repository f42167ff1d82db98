import type { Study } from '../study.js';

export const ORDER: Study = {
  id: 'order',
  title: 'Order at equal steps',
  question:
    'Does the order in which tokens are decoded matter where everything else is the same, and is GtR’s the best?',
  claim:
    'Of GtR (arXiv 2510.17171), on MAR-H: FID 24.61 in raster order, 5.19 subsampled, 1.82 at random, 1.59 in GtR’s order.',
  method:
    'Six orders in 32 steps. All decode as many tokens at each step as MAR does (cosine schedule) and take 50 diffusion steps ' +
    'a token, so that they differ in order alone. Each is compared with the random one.',
  arms: [
    { name: 'random', text: 'random:32x50' },
    { name: 'raster', text: 'raster:32x50' },
    { name: 'subsample', text: 'subsample:32x50' },
    { name: 'Halton', text: 'halton:32x50/counts=cosine' },
    { name: 'GtR diagonal', text: 'diagonal:32x50' },
    { name: 'GtR quincunx', text: 'quincunx:32x50' },
  ],
};
