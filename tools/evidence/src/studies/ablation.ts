import { againstFirst, type Study, type StudyVariant } from '../study.js';

const ARMS: readonly StudyVariant[] = [
  { name: 'none', text: 'mar:64x50' },
  { name: 'transformer only', text: 'gtr-32:x50/fts=off' },
  { name: 'diffusion steps only', text: 'gtr-32:30+13+21/subsets=random/fts=off' },
  { name: 'both', text: 'gtr-32/fts=off' },
  { name: 'both + FTS', text: 'gtr-32' },
  { name: 'both, random order', text: 'gtr-32/subsets=random/fts=off' },
  { name: 'both, quincunx', text: 'gtr-32/subsets=quincunx/fts=off' },
  { name: 'both, quincunx, slow start', text: 'gtr-32:4+3+4+5+6+7+3/subsets=quincunx/fts=off' },
];

export const ABLATION: Study = {
  id: 'ablation',
  title: 'The parts of GtR',
  question: 'Which part of GtR does what: its order and steps, its diffusion steps by stage, or FTS?',
  claim:
    'Of GtR (arXiv 2510.17171), on MAR-H, as FLOP ratio and FID: none of it 1.43×, 1.64; on the transformer alone 2.90×, ' +
    '1.70; diffusion steps by stage alone 1.90×, 1.59; both 3.73×, 1.65; both and FTS 3.72×, 1.59.',
  method:
    'Without any of it: random order, 64 steps, 50 diffusion steps. On the transformer alone: GtR’s order in 24 + 6 + 2 ' +
    'steps, 50 diffusion steps for all tokens. Diffusion steps by stage alone: 64 steps in random order, as many for each ' +
    'stage’s tokens as MAR takes for them, 50 to 20 diffusion steps in the first half of the tokens and 20 in the second. ' +
    'Two arms more take GtR’s order and pace apart: its steps and diffusion steps on random tokens, and the same on quincunx subsets. ' +
    'A third begins slowly, with quincunx subsets of 4, 4, 8, 16 and 32 tokens in place of the first 64 together: in as many steps in ' +
    'all, of 1 to 10 tokens until the last three, which decode half of the picture. ' +
    'All are compared with none of it, and both with each part left out or changed.',
  arms: ARMS,
  comparisons: [
    ...againstFirst(ARMS),
    // What each part adds to the others.
    ['both', 'diffusion steps only'],
    ['both', 'transformer only'],
    ['both + FTS', 'both'],
    ['both', 'both, random order'],
    ['both', 'both, quincunx'],
    ['both, quincunx, slow start', 'both, quincunx'],
  ],
};
