import type { Study, StudyArm } from '../study.js';

const SOLVER_STEPS = [20, 14, 10, 8] as const;

function solver(steps: number): readonly StudyArm[] {
  const text = `mar:16x${steps}/sampler=dpm`;
  return [
    { name: `DPM-Solver++ ${steps}`, text },
    { name: `DPM-Solver++ ${steps}, whole range`, text: `${text}/min-log-snr=-10` },
  ];
}

export const HEAD: Study = {
  id: 'head',
  title: 'Samplers of the diffusion head',
  question: 'How few diffusion steps does the head need, and by which sampler?',
  claim:
    'Of eMIGM (arXiv 2503.07197), on heads of this family: 8 to 14 steps of DPM-Solver++ are enough if the noisiest timesteps are left out. ' +
    'Of DDIM from the first timestep, users of MAR report that it does not work.',
  method:
    'MAR’s order in 16 steps; only the head’s sampler differs: ancestral sampling with 100, 50, 20 and 10 steps, DDIM, and ' +
    'DPM-Solver++ (2M). DDIM and DPM-Solver++ start below the noisiest timesteps (950 of 999, and a log-SNR of −5.1), where an error in ' +
    'ε is amplified most; “whole range” starts at the very first. All are compared with ancestral sampling in 100 steps.',
  arms: [
    ...[100, 50, 20, 10].map((steps) => ({ name: `ancestral ${steps}`, text: `mar:16x${steps}` })),
    { name: 'ancestral 20, clipped start', text: 'mar:16x20/max-timestep=950' },
    { name: 'ancestral 10, clipped start', text: 'mar:16x10/max-timestep=950' },
    { name: 'DDIM 20', text: 'mar:16x20/sampler=ddim' },
    { name: 'DDIM 20, whole range', text: 'mar:16x20/sampler=ddim/max-timestep=999' },
    { name: 'DDIM 10', text: 'mar:16x10/sampler=ddim' },
    ...SOLVER_STEPS.flatMap(solver),
  ],
};
