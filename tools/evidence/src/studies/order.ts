import { againstFirst, type Study, type StudyArm } from '../study.js';

/** Every order with MAR's tokens per step and the same diffusion steps, so that they differ in order alone. */
function ordersAt(steps: number): readonly StudyArm[] {
  const pace = `${steps}x50`;
  return [
    { name: `random, ${steps}`, text: `random:${pace}` },
    { name: `raster, ${steps}`, text: `raster:${pace}` },
    { name: `subsample, ${steps}`, text: `subsample:${pace}` },
    { name: `Halton, ${steps}`, text: `halton:${pace}/counts=cosine` },
    { name: `GtR diagonal, ${steps}`, text: `diagonal:${pace}` },
    { name: `GtR quincunx, ${steps}`, text: `quincunx:${pace}` },
  ];
}

const THIRTY_TWO = ordersAt(32);
const SIXTEEN = ordersAt(16);

export const ORDER: Study = {
  id: 'order',
  title: 'Order at equal steps',
  question:
    'Does the order in which tokens are decoded matter where everything else is the same, and is GtR’s the best?',
  claim:
    'Of GtR (arXiv 2510.17171), on MAR-H: FID 24.61 in raster order, 5.19 subsampled, 1.82 at random, 1.59 in GtR’s order.',
  method:
    'Six orders, each with 32 and with 16 steps. All decode as many tokens at each step as MAR does (cosine schedule) and ' +
    'take 50 diffusion steps a token. Each order is compared with the random one of as many steps.',
  arms: [...THIRTY_TWO, ...SIXTEEN],
  comparisons: againstFirst(THIRTY_TWO, SIXTEEN),
};
