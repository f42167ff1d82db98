interface Words {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly summary: string;
}

/** The policies that can be chosen here by name, in the page's own words. */
export const SHOWN_POLICIES = {
  'gtr-16': {
    title: 'GtR, 16 steps',
    summary: 'Half of the picture in 15 steps, the rest in one; more diffusion where the detail is.',
  },
  'gtr-32': {
    title: 'GtR, 32 steps',
    summary: 'The same at the pace of the paper: 24 + 6 steps for one half, 2 for the other.',
  },
  'gtr-gradual': {
    title: 'GtR, gradual',
    summary:
      'Begins with a token at a time and quickens, on lattices: the second half in the last few steps.',
  },
  'gtr-lightgen': {
    title: 'GtR, 16 steps, for text',
    summary: 'As the paper draws by prompts: a quarter in 8 steps, the others in 3, 3 and 2.',
  },
  'gtr-16-no-fts': {
    title: 'GtR, 16 steps, no FTS',
    summary: 'Generation then reconstruction, every token of a step with the same diffusion steps.',
  },
  'gtr-16-quincunx': {
    title: 'GtR, 16 steps, quincunx',
    summary: 'GtR on lattices instead of diagonal stripes.',
  },
  mar: {
    title: 'MAR, 64 steps',
    summary: 'The original: a random order, few tokens at first, 100 diffusion steps for each.',
  },
  disa: {
    title: 'DiSA, 64 steps',
    summary: 'A random order; diffusion steps fall from 50 to 5 as the picture fills.',
  },
  halton: {
    title: 'Halton, 64 steps',
    summary: 'The tokens of a step lie far apart from one another.',
  },
  subsample: {
    title: 'Subsample, 64 steps',
    summary: 'Four coarse lattices, one after the other.',
  },
  raster: {
    title: 'Raster, 64 steps',
    summary: 'Row by row from the top, as one reads.',
  },
} as const satisfies Readonly<Record<string, Words>>;

export type PolicyName = keyof typeof SHOWN_POLICIES;

export const POLICY_NAMES = Object.keys(SHOWN_POLICIES) as readonly PolicyName[];

export function isPolicyName(name: string): name is PolicyName {
  return Object.hasOwn(SHOWN_POLICIES, name);
}
