import type { PolicyDescription } from './policy-description.js';
import { UsageError } from './usage-error.js';

type Gtr = Extract<PolicyDescription, { order: 'gtr' }>;
type Ordered = Exclude<PolicyDescription, Gtr>;

/** A policy that can be asked for by name. */
export interface NamedPolicy {
  readonly description: PolicyDescription;
  /** What it does, in a line. */
  readonly summary: string;
  /** The highest timestep that its diffusion steps keep. @default 999 */
  readonly maxTimestep?: number;
}

function gtr(steps: readonly number[], changes: Partial<Gtr> = {}): Gtr {
  return {
    order: 'gtr',
    steps: [...steps],
    subsets: 'diagonal',
    parity: 0,
    maxSteps: 50,
    minSteps: 20,
    reconstructionSteps: 20,
    frequencyWeighted: { ratio: 0.1, detailSteps: 50 },
    ...changes,
  };
}

function ordered(order: Ordered['order'], diffusionSteps: Ordered['diffusionSteps'] = 100): Ordered {
  return { order, steps: 64, diffusionSteps };
}

const THIRTY_TWO = [24, 6, 2];
const SIXTEEN = [12, 3, 1];

/** Every policy of the command line. Numbers are sampling steps × diffusion steps. */
export const NAMED_POLICIES: Readonly<Record<string, NamedPolicy>> = {
  mar: { description: ordered('random'), summary: 'random order, cosine schedule: MAR, 64×100' },
  raster: { description: ordered('raster'), summary: 'row by row, 64×100' },
  subsample: { description: ordered('subsample'), summary: 'four coarse lattices in turn, 64×100' },
  halton: { description: ordered('halton'), summary: 'low-discrepancy order: Halton-MaskGIT, 64×100' },
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
};

export const DEFAULT_POLICY = 'gtr-32';

/**
 * The policy that `NAME` or `NAME:STEPS[xDIFFUSION]` asks for, e.g. `mar:32x50`, `gtr-16:8+2+1`,
 * `disa:64x50+5`, `gtr-32:24+6+2x50+20+20+50`; lists are joined by `+`.
 *
 * @param changes steps and diffusion steps in the same form, or joined by commas; they win over those in `text`
 * @throws UsageError where the name is not known or the numbers don't fit it
 */
export function policyNamed(
  text: string,
  changes: { readonly steps?: string | undefined; readonly diffusionSteps?: string | undefined } = {},
): NamedPolicy {
  const name = text.split(':', 1)[0]!;
  const named = Object.hasOwn(NAMED_POLICIES, name) ? NAMED_POLICIES[name] : undefined;
  if (!named) {
    throw new UsageError(
      `There is no policy "${name}". There are: ${Object.keys(NAMED_POLICIES).join(', ')}.`,
    );
  }
  const numbers = /^(?:([\d+]+)?(?:[x×]([\d+]+))?)$/.exec(text.slice(name.length + 1));
  if (!numbers || text.endsWith(':')) {
    throw new UsageError(
      `"${text}" is no policy: after the name come STEPS, xDIFFUSION or both, e.g. mar:32x50.`,
    );
  }
  const [, inlineSteps, inlineDiffusion] = numbers;
  const steps = integers('steps', changes.steps ?? inlineSteps);
  const diffusionSteps = integers('diffusion steps', changes.diffusionSteps ?? inlineDiffusion);
  const description =
    named.description.order === 'gtr'
      ? adaptedGtr(name, named.description, steps, diffusionSteps)
      : adaptedOrder(name, named.description, steps, diffusionSteps);
  return { ...named, description };
}

/** A short text for tables and sheets, e.g. `64×100` or `24+6+2 × 50–20`. */
export function paceOf(description: PolicyDescription): string {
  const { steps } = description;
  if (description.order === 'gtr') {
    const { maxSteps, minSteps } = description;
    return `${(steps as readonly number[]).join('+')} × ${maxSteps === minSteps ? maxSteps : `${maxSteps}-${minSteps}`}`;
  }
  const { diffusionSteps } = description;
  return `${steps} × ${typeof diffusionSteps === 'number' ? diffusionSteps : `${diffusionSteps.from}-${diffusionSteps.to}`}`;
}

function adaptedOrder(
  name: string,
  description: Ordered,
  steps: readonly number[] | undefined,
  diffusionSteps: readonly number[] | undefined,
): Ordered {
  if (steps && steps.length !== 1) {
    throw new UsageError(`The policy ${name} takes one number of steps, not ${steps.join('+')}.`);
  }
  const adapted = steps ? { ...description, steps: steps[0]! } : description;
  if (!diffusionSteps) return adapted;
  if (diffusionSteps.length === 1) return { ...adapted, diffusionSteps: diffusionSteps[0]! };
  if (diffusionSteps.length === 2) {
    const [from, to] = diffusionSteps;
    return { ...adapted, diffusionSteps: { from: from!, to: to!, shape: 'linear' } };
  }
  throw new UsageError(
    `The policy ${name} takes one number of diffusion steps, or the first and the last (50+5), not ${diffusionSteps.join('+')}.`,
  );
}

function adaptedGtr(
  name: string,
  description: Gtr,
  steps: readonly number[] | undefined,
  diffusionSteps: readonly number[] | undefined,
): Gtr {
  if (steps?.length === 1) {
    throw new UsageError(
      `The policy ${name} takes the steps of each stage, e.g. ${description.steps.join('+')}, not ${steps[0]} alone.`,
    );
  }
  const adapted = steps ? { ...description, steps: [...steps] } : description;
  if (!diffusionSteps) return adapted;
  const [maxSteps = 0, minSteps = maxSteps, reconstructionSteps = minSteps, detailSteps] = diffusionSteps;
  if (diffusionSteps.length > 4 || (detailSteps !== undefined && adapted.frequencyWeighted === false)) {
    throw new UsageError(
      `The policy ${name} takes diffusion steps as ${
        adapted.frequencyWeighted ? 'MAX+MIN+RECONSTRUCTION+DETAIL' : 'MAX+MIN+RECONSTRUCTION'
      }, or the first few of them, not ${diffusionSteps.join('+')}.`,
    );
  }
  const { frequencyWeighted } = adapted;
  return {
    ...adapted,
    maxSteps,
    minSteps,
    reconstructionSteps,
    frequencyWeighted:
      frequencyWeighted && detailSteps !== undefined
        ? { ...frequencyWeighted, detailSteps }
        : frequencyWeighted,
  };
}

function integers(what: string, text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(/[+,]/).map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : 0));
  if (numbers.some((number) => number < 1)) {
    throw new UsageError(`"${text}" is not a number of ${what} ≥ 1, or several joined by "+".`);
  }
  return numbers;
}
