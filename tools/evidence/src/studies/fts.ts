import { againstFirst, type Study, type StudyVariant } from '../study.js';

/** What FTS can choose, at the pace of a preset. */
function choicesOf(preset: 'gtr-32' | 'gtr-16'): readonly StudyVariant[] {
  const steps = preset.slice('gtr-'.length);
  return [
    { name: `none, ${steps}`, text: `${preset}/fts=off` },
    { name: `high, ${steps}`, text: preset },
    { name: `low, ${steps}`, text: `${preset}/fts=low` },
    { name: `random, ${steps}`, text: `${preset}/fts=random` },
    { name: `all, ${steps}`, text: `${preset}/fts=all` },
  ];
}

const THIRTY_TWO = choicesOf('gtr-32');
const SIXTEEN = choicesOf('gtr-16');

export const FTS: Study = {
  id: 'fts',
  title: 'Which tokens FTS chooses',
  question:
    'Is it worth giving more diffusion steps to the tokens whose conditions have the most high frequencies, rather than to others, to all or to none?',
  claim:
    'Of GtR (arXiv 2510.17171), on MAR-H: FID 1.59 with FTS, 1.65 without, and 1.64 to 1.65 where random, low-frequency ' +
    'or all tokens are chosen.',
  method:
    'GtR in 24 + 6 + 2 and in 12 + 3 + 1 steps. Of the tokens reconstructed at a step, a tenth takes 50 diffusion steps and the others ' +
    '20: those with the most energy in high frequencies, the least, or random ones; or all take 50, or all 20. Each choice is ' +
    'compared with none.',
  arms: [...THIRTY_TWO, ...SIXTEEN],
  comparisons: againstFirst(THIRTY_TWO, SIXTEEN),
};
