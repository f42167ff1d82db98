import { againstFirst, type Study, type StudyVariant } from '../study.js';

/** A schedule of guidance, as it is named and as it is written. */
const SCHEDULES = [
  ['linear to 3', 'linear:3'],
  ['constant 2', 'constant:2'],
  ['interval, 3', 'interval:3:0-0.5'],
  ['none', 'off'],
] as const;

const GROUPS = SCHEDULES.map(([name, text]): readonly StudyVariant[] => [
  { name: `MAR, ${name}`, text: `mar:32x50/guidance=${text}` },
  { name: `GtR, ${name}`, text: `gtr-32/guidance=${text}` },
  { name: `GtR on random tokens, ${name}`, text: `gtr-32/subsets=random/guidance=${text}` },
]);

export const GUIDANCE: Study = {
  id: 'guidance',
  title: 'Guidance taken apart from order',
  question:
    'Is a difference between MAR and GtR one of order, or of guidance, which grows with what is decoded and so is stronger for the half of the tokens that GtR decodes last?',
  claim: 'No one has published this comparison; the published numbers are under linear guidance.',
  method:
    'MAR in 32 steps, GtR in 24 + 6 + 2, and GtR’s steps on random tokens, under linear guidance to 3, constant guidance of 2, ' +
    'about the mean of linear guidance over MAR’s tokens, guidance of 3 while half of the tokens or fewer are masked, with none ' +
    'before, and none at all, which was added when a look at 240 pictures of another seed had found no loss without it. ' +
    'Within each, both are compared with MAR, which is pace and order together, and GtR with its steps on random tokens, which is ' +
    'order alone.',
  arms: GROUPS.flat(),
  comparisons: [
    ...againstFirst(...GROUPS),
    ...GROUPS.flatMap(([, gtr, random]) => againstFirst([random!, gtr!])),
  ],
};
