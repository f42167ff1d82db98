import { againstFirst, type Study, type StudyVariant } from '../study.js';

const SOLVER_STEPS = [20, 14, 10, 8] as const;

/** Each sampler from the very first timestep, and then without the noisiest ones. */
const PAIRS: readonly (readonly [whole: StudyVariant, clipped: StudyVariant])[] = [
  [
    { name: 'ancestral 20', text: 'mar:16x20' },
    { name: 'ancestral 20, clipped start', text: 'mar:16x20/max-timestep=950' },
  ],
  [
    { name: 'ancestral 10', text: 'mar:16x10' },
    { name: 'ancestral 10, clipped start', text: 'mar:16x10/max-timestep=950' },
  ],
  [
    { name: 'DDIM 20, whole range', text: 'mar:16x20/sampler=ddim/max-timestep=999' },
    { name: 'DDIM 20', text: 'mar:16x20/sampler=ddim' },
  ],
  ...SOLVER_STEPS.map(solver),
];

function solver(steps: number): readonly [StudyVariant, StudyVariant] {
  const text = `mar:16x${steps}/sampler=dpm`;
  return [
    { name: `DPM-Solver++ ${steps}, whole range`, text: `${text}/min-log-snr=-10` },
    { name: `DPM-Solver++ ${steps}`, text },
  ];
}

const ARMS: readonly StudyVariant[] = [
  { name: 'ancestral 100', text: 'mar:16x100' },
  { name: 'ancestral 50', text: 'mar:16x50' },
  ...PAIRS.flat(),
];

export const HEAD: Study = {
  id: 'head',
  title: 'Samplers of the diffusion head',
  question: 'How few diffusion steps does the head need, and by which sampler?',
  claim:
    'Of eMIGM (arXiv 2503.07197), on heads of this family: 8 to 14 steps of DPM-Solver++ are enough if the noisiest timesteps are left out. ' +
    'Of DDIM from the first timestep, users of MAR report that it does not work.',
  method:
    'MAR’s order in 16 steps; only the head’s sampler differs: ancestral sampling with 100, 50, 20 and 10 steps, DDIM, and ' +
    'DPM-Solver++ (2M). DDIM ignores the temperature, as in the reference; DPM-Solver++ scales the ' +
    'noise that it starts from. DDIM and DPM-Solver++ start below the noisiest timesteps (950 of 999, and a log-SNR of −5.1), where an error in ' +
    'ε is amplified most; “whole range” starts at the very first. All are compared with ancestral sampling in 100 steps, and each that leaves them out with the same sampler that doesn’t.',
  arms: ARMS,
  comparisons: [...againstFirst(ARMS), ...againstFirst(...PAIRS)],
};
