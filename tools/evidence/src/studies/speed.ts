import { againstFirst, type Study, type StudyArm } from '../study.js';

const ARMS: readonly StudyArm[] = [
  { name: 'MAR 64 × 100', text: 'mar:64x100' },
  { name: 'MAR 32 × 50', text: 'mar:32x50' },
  { name: 'MAR 16 × 50', text: 'mar:16x50' },
  { name: 'GtR 32', text: 'gtr-32/fts=off' },
  { name: 'GtR 32 + FTS', text: 'gtr-32' },
  { name: 'GtR 16', text: 'gtr-16/fts=off' },
  { name: 'GtR 16 + FTS', text: 'gtr-16' },
  { name: 'GtR 32 + FTS, K = 5', text: 'gtr-32:10+6+8+6+2' },
  { name: 'GtR 16 + FTS, K = 5', text: 'gtr-16:6+3+4+2+1' },
  { name: 'DiSA', text: 'disa' },
  { name: 'Halton 32 × 50', text: 'halton:32x50' },
];

export const SPEED: Study = {
  id: 'speed',
  title: 'Speed against quality',
  question: 'How fast can a picture be drawn that is as good as MAR’s own, 64 × 100?',
  claim:
    'Of GtR (arXiv 2510.17171), on MAR-H, as FLOP ratio and FID: MAR 64 × 100 1.59; Halton 2.38×, 3.18; DiSA 2.99×, 2.11; ' +
    'GtR with FTS 3.72×, 1.59.',
  method:
    'Each sampler as it is used: MAR with three numbers of steps × diffusion steps, GtR in 32 and 16 steps with and without FTS, ' +
    'DiSA (64 steps, 50 to 5 diffusion steps), Halton order with its own schedule. With K = 5 GtR begins with two subsets of 16 ' +
    'tokens, so that the first tokens, which know of no others, are fewer at a time. All are compared with MAR 64 × 100, ' +
    'GtR with MAR in as many steps, and GtR with FTS or K = 5 with what it is without. Times are of one run: one picture at a ' +
    'time, the samplers in turn, each picture starting with another one.',
  arms: ARMS,
  comparisons: [
    ...againstFirst(ARMS),
    // At as many passes of the transformer, and what FTS and the first subsets add.
    ['GtR 32', 'MAR 32 × 50'],
    ['GtR 16', 'MAR 16 × 50'],
    ['GtR 32 + FTS', 'GtR 32'],
    ['GtR 16 + FTS', 'GtR 16'],
    ['GtR 32 + FTS, K = 5', 'GtR 32 + FTS'],
    ['GtR 16 + FTS, K = 5', 'GtR 16 + FTS'],
  ],
  timed: true,
};
