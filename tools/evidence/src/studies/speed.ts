import { againstFirst, type Study, type StudyVariant } from '../study.js';

/** Few steps of an ODE solver, whose best temperature is another one than the ancestral chain's. */
const SOLVER = 'sampler=dpm/temperature=0.9';

const ARMS: readonly StudyVariant[] = [
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
  { name: 'MAR 32 × 8, DPM', text: `mar:32x8/${SOLVER}` },
  { name: 'GtR 32, DPM', text: `gtr-32:x8+8+8/fts=off/${SOLVER}` },
  {
    name: 'GtR 32, K = 7, DPM',
    text: `gtr-32:4+3+4+5+6+7+3x8+8+8/fts=off/subsets=quincunx/${SOLVER}`,
  },
  {
    name: 'GtR 16, K = 7, DPM',
    text: `gtr-16:2+2+2+3+3+3+1x8+8+8/fts=off/subsets=quincunx/${SOLVER}`,
  },
  { name: 'MAR 64 × 100, unguided', text: 'mar:64x100/guidance=off' },
  { name: 'MAR 64 × 10, DPM, unguided', text: `mar:64x10/${SOLVER}/guidance=off` },
  {
    name: 'GtR 45, K = 7, DPM, unguided',
    text: `gtr-32:4+4+6+8+9+10+4x10+10+10/fts=off/subsets=quincunx/${SOLVER}/guidance=off`,
  },
  { name: 'MAR 32 × 20, unguided', text: 'mar:32x20/guidance=off' },
  {
    name: 'GtR 32 × 20, K = 7, unguided',
    text: 'gtr-32:4+3+4+5+6+7+3x20+20+20/fts=off/subsets=quincunx/guidance=off',
  },
  {
    name: 'GtR 40 × 20, K = 7, unguided',
    text: 'gtr-32:4+4+5+7+8+9+3x20+20+20/fts=off/subsets=quincunx/guidance=off',
  },
  { name: 'Halton 32 × 20, unguided', text: 'halton:32x20/counts=cosine/guidance=off' },
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
    'tokens, so that the first tokens, which know of no others, are fewer at a time; with K = 7, of 4, and in quincunx ' +
    'order. DPM is DPM-Solver++ (2M) in 8 diffusion steps for all tokens, 10 without guidance, at temperature 0.9: with another seed it was better ' +
    'than 0.95 for MAR 32 × 10 with this solver, while 0.95 was better than 0.9 and 1 for MAR 32 × 50 without. All are ' +
    'compared with MAR 64 × 100, GtR with MAR in as many steps, and what adds FTS, K = 5 or DPM with what it is without. Added when the ' +
    'results of the others were there: three comparisons, the first three arms without guidance, which had come out best ' +
    'of fifteen ways looked at with another seed and 240 pictures, and then three ways of 20 diffusion steps, among the ' +
    'best of seventeen with 480 pictures of that seed: GtR with K = 7 in 32 and 40 steps and Halton order at MAR’s pace in 32, with MAR’s ' +
    '32 × 20 to compare them with. Times are of one run: one picture at a ' +
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
    // What the solver does to each, and the order under it.
    ['MAR 32 × 8, DPM', 'MAR 32 × 50'],
    ['GtR 32, DPM', 'GtR 32'],
    ['GtR 32, K = 7, DPM', 'MAR 32 × 8, DPM'],
    // Added when the first results were there.
    ['GtR 16 + FTS, K = 5', 'MAR 16 × 50'],
    ['GtR 16, K = 7, DPM', 'MAR 16 × 50'],
    ['GtR 32, K = 7, DPM', 'MAR 32 × 50'],
    ['MAR 64 × 10, DPM, unguided', 'MAR 64 × 100, unguided'],
    ['GtR 45, K = 7, DPM, unguided', 'MAR 64 × 100, unguided'],
    ['GtR 45, K = 7, DPM, unguided', 'MAR 64 × 10, DPM, unguided'],
    // Fewer steps of both kinds, and the order and pace under them.
    ['MAR 32 × 20, unguided', 'MAR 64 × 100, unguided'],
    ['GtR 32 × 20, K = 7, unguided', 'MAR 64 × 100, unguided'],
    ['GtR 40 × 20, K = 7, unguided', 'MAR 64 × 100, unguided'],
    ['Halton 32 × 20, unguided', 'MAR 64 × 100, unguided'],
    ['GtR 32 × 20, K = 7, unguided', 'MAR 32 × 20, unguided'],
    ['Halton 32 × 20, unguided', 'MAR 32 × 20, unguided'],
    ['GtR 32 × 20, K = 7, unguided', 'Halton 32 × 20, unguided'],
  ],
  timed: true,
};
