import type { GtrDescription, OrderedDescription, PolicyDescription } from './policy-description.js';

/** A policy that can be chosen; its name is the same as on the command line. */
export interface NamedPolicy {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly description: PolicyDescription;
  /** The highest timestep that its diffusion steps keep. @default 999 */
  readonly maxTimestep?: number;
}

function gtr(steps: readonly number[], changes: Partial<GtrDescription> = {}): GtrDescription {
  return {
    order: 'gtr',
    steps,
    subsets: 'diagonal',
    parity: 0,
    maxSteps: 50,
    minSteps: 20,
    reconstructionSteps: 20,
    frequencyWeighted: { ratio: 0.1, detailSteps: 50 },
    ...changes,
  };
}

function ordered(
  order: OrderedDescription['order'],
  diffusionSteps: OrderedDescription['diffusionSteps'] = 100,
): OrderedDescription {
  return { order, steps: 64, diffusionSteps };
}

const SIXTEEN = [12, 3, 1];
const THIRTY_TWO = [24, 6, 2];

export const NAMED_POLICIES = {
  'gtr-16': {
    title: 'GtR, 16 steps',
    summary:
      'Half of the picture slowly, then the rest in a few wide steps; more diffusion where the detail is.',
    description: gtr(SIXTEEN),
  },
  'gtr-32': {
    title: 'GtR, 32 steps',
    summary: 'The same at the pace of the paper: 24 + 6 steps for one half, 2 for the other.',
    description: gtr(THIRTY_TWO),
  },
  'gtr-16-no-fts': {
    title: 'GtR, 16 steps, no FTS',
    summary: 'Generation then reconstruction, every token of a step with the same diffusion steps.',
    description: gtr(SIXTEEN, { frequencyWeighted: false }),
  },
  'gtr-16-quincunx': {
    title: 'GtR, 16 steps, quincunx',
    summary: 'GtR on lattices instead of diagonal stripes.',
    description: gtr(SIXTEEN, { subsets: 'quincunx' }),
  },
  mar: {
    title: 'MAR, 64 steps',
    summary: 'The original: a random order, few tokens at first, 100 diffusion steps for each.',
    description: ordered('random'),
  },
  disa: {
    title: 'DiSA, 64 steps',
    summary: 'A random order; diffusion steps fall from 50 to 5 as the picture fills.',
    description: ordered('random', { from: 50, to: 5, shape: 'linear' }),
    maxTimestep: 950,
  },
  halton: {
    title: 'Halton, 64 steps',
    summary: 'The tokens of a step lie far apart from one another.',
    description: ordered('halton'),
  },
  subsample: {
    title: 'Subsample, 64 steps',
    summary: 'Four coarse lattices, one after the other.',
    description: ordered('subsample'),
  },
  raster: {
    title: 'Raster, 64 steps',
    summary: 'Row by row from the top, as one reads.',
    description: ordered('raster'),
  },
} as const satisfies Readonly<Record<string, NamedPolicy>>;

export type PolicyName = keyof typeof NAMED_POLICIES;

export const DEFAULT_POLICY: PolicyName = 'gtr-16';

export const POLICY_NAMES = Object.keys(NAMED_POLICIES) as readonly PolicyName[];

export function isPolicyName(name: string): name is PolicyName {
  return Object.hasOwn(NAMED_POLICIES, name);
}

export function namedPolicy(name: PolicyName): NamedPolicy {
  return NAMED_POLICIES[name];
}
