import type { GtrDescription, OrderedDescription, PolicyDescription } from './policy-description.js';

/** A policy that can be asked for by name. */
export interface NamedPolicy {
  readonly description: PolicyDescription;
  /** What it does, in a line. */
  readonly summary: string;
  /** The highest timestep that its diffusion steps keep. @default 999 */
  readonly maxTimestep?: number;
}

function gtr(steps: readonly number[], changes: Partial<GtrDescription> = {}): GtrDescription {
  return {
    order: 'gtr',
    steps: [...steps],
    subsets: 'diagonal',
    parity: 0,
    maxSteps: 50,
    minSteps: 20,
    reconstructionSteps: 20,
    frequencyWeighted: { ratio: 0.1, detailSteps: 50, choose: 'high' },
    ...changes,
  };
}

function ordered(
  order: OrderedDescription['order'],
  diffusionSteps: OrderedDescription['diffusionSteps'] = 100,
): OrderedDescription {
  return { order, steps: 64, counts: order === 'halton' ? 'halton' : 'cosine', diffusionSteps };
}

const THIRTY_TWO = [24, 6, 2];
const SIXTEEN = [12, 3, 1];

/** Every policy that has a name. Numbers are sampling steps × diffusion steps. */
export const NAMED_POLICIES = {
  mar: { description: ordered('random'), summary: 'random order, cosine schedule: MAR, 64×100' },
  random: { description: ordered('random'), summary: 'the same by the name of its order' },
  raster: { description: ordered('raster'), summary: 'row by row, 64×100' },
  subsample: { description: ordered('subsample'), summary: 'four coarse lattices in turn, 64×100' },
  halton: { description: ordered('halton'), summary: 'low-discrepancy order: Halton-MaskGIT, 64×100' },
  diagonal: { description: ordered('diagonal'), summary: "GtR's order at MAR's pace, 64×100" },
  quincunx: { description: ordered('quincunx'), summary: 'the same on quincunx subsets' },
  disa: {
    description: ordered('random', { from: 50, to: 5, shape: 'linear' }),
    summary: 'random order, 64 steps, diffusion steps from 50 down to 5: DiSA',
    maxTimestep: 950,
  },
  'gtr-32': { description: gtr(THIRTY_TWO), summary: 'GtR with FTS, 24+6+2 steps, 50 to 20 diffusion steps' },
  'gtr-16': { description: gtr(SIXTEEN), summary: 'GtR with FTS, 12+3+1 steps, 50 to 20 diffusion steps' },
  'gtr-lightgen': {
    description: gtr([8, 3, 3, 2]),
    summary: 'GtR with FTS, 8+3+3+2 steps, for grids of 1024 tokens',
  },
  'gtr-gradual': {
    description: gtr([4, 4, 5, 7, 8, 9, 3], {
      subsets: 'quincunx',
      maxSteps: 20,
      frequencyWeighted: false,
    }),
    summary: 'GtR begun slowly, 4+4+5+7+8+9+3 steps on quincunx subsets, 20 diffusion steps, no FTS',
  },
  'gtr-32-no-fts': {
    description: gtr(THIRTY_TWO, { frequencyWeighted: false }),
    summary: 'gtr-32 without FTS',
  },
  'gtr-16-no-fts': { description: gtr(SIXTEEN, { frequencyWeighted: false }), summary: 'gtr-16 without FTS' },
  'gtr-32-quincunx': {
    description: gtr(THIRTY_TWO, { subsets: 'quincunx' }),
    summary: 'gtr-32 on quincunx subsets, which have no stripes',
  },
  'gtr-16-quincunx': {
    description: gtr(SIXTEEN, { subsets: 'quincunx' }),
    summary: 'gtr-16 on quincunx subsets',
  },
  'gtr-32-odd': { description: gtr(THIRTY_TWO, { parity: 1 }), summary: 'gtr-32, odd colour first' },
  'gtr-16-odd': { description: gtr(SIXTEEN, { parity: 1 }), summary: 'gtr-16, odd colour first' },
} as const satisfies Readonly<Record<string, NamedPolicy>>;

export type PolicyName = keyof typeof NAMED_POLICIES;

export const POLICY_NAMES = Object.keys(NAMED_POLICIES) as readonly PolicyName[];

export function isPolicyName(name: string): name is PolicyName {
  return Object.hasOwn(NAMED_POLICIES, name);
}
