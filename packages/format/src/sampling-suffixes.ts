import { type GtrDescription, type OrderedDescription, usualDetailSteps } from './policy-description.js';
import type { SamplingChoice } from './sampling-choice.js';

/** Something that may be said behind a policy's name, as `/KEY=VALUE`. */
export interface Suffix {
  /** What its value looks like, for messages and help. */
  readonly form: string;
  readonly summary: string;
  /** @returns undefined where the value is not of that form */
  apply(choice: SamplingChoice, value: string): SamplingChoice | undefined;
}

/** Every suffix of a policy's text. */
export const SUFFIXES: Readonly<Record<string, Suffix>> = {
  counts: {
    form: 'cosine|halton|even',
    summary: 'tokens per step, of every policy but GtR',
    apply: changedOrder((policy, value) => {
      const counts = oneOf(['cosine', 'halton', 'even'], value);
      return counts && { ...policy, counts };
    }),
  },
  annealing: {
    form: 'linear|cosine|two-stage',
    summary: 'how diffusion steps such as x50+5 fall, of every policy but GtR',
    apply: changedOrder((policy, value) => {
      const shape = oneOf(['linear', 'cosine', 'two-stage'], value);
      if (!shape || typeof policy.diffusionSteps === 'number') return undefined;
      return { ...policy, diffusionSteps: { ...policy.diffusionSteps, shape } };
    }),
  },
  subsets: {
    form: 'diagonal|quincunx|random',
    summary: "GtR's subsets; random has its pace without its order",
    apply: changedGtr((policy, value) => {
      const subsets = oneOf(['diagonal', 'quincunx', 'random'], value);
      return subsets && { ...policy, subsets };
    }),
  },
  parity: {
    form: '0|1',
    summary: 'which colour of the checkerboard GtR generates',
    apply: changedGtr((policy, value) => {
      const parity = value === '0' ? 0 : value === '1' ? 1 : undefined;
      return parity === undefined ? undefined : { ...policy, parity };
    }),
  },
  fts: {
    form: 'off|all|high[:RATIO]|low[:RATIO]|random[:RATIO]',
    summary: "which of GtR's reconstructed tokens get more diffusion steps",
    apply: changedGtr((policy, value) => {
      if (value === 'off') return { ...policy, frequencyWeighted: false };
      const [name = '', share, ...more] = value.split(':');
      const choose = oneOf(['high', 'low', 'random', 'all'], name);
      const usual = policy.frequencyWeighted || {
        ratio: 0.1,
        detailSteps: usualDetailSteps(policy.reconstructionSteps),
      };
      const ratio = share === undefined ? usual.ratio : fraction(share);
      if (!choose || ratio === undefined || more.length > 0) return undefined;
      if (choose === 'all' && share !== undefined) return undefined;
      return { ...policy, frequencyWeighted: { ...usual, ratio, choose } };
    }),
  },
  guidance: {
    form: 'off|SCALE|SCHEDULE[:SCALE[:ABOVE-UPTO]]',
    summary: 'constant, linear or interval, which guides between two masked fractions, e.g. interval:3:0-0.5',
    apply: (choice, value) => {
      const guidance = guidanceSaid(value);
      return guidance && { ...choice, guidance };
    },
  },
  temperature: {
    form: 'T',
    summary: 'scale of the diffusion noise',
    apply: (choice, value) => {
      const temperature = decimal(value);
      return temperature === undefined ? undefined : { ...choice, temperature };
    },
  },
  clamp: {
    form: 'off|LIMIT',
    summary: 'limit of x0 in every channel',
    apply: (choice, value) => {
      const clamp = value === 'off' ? null : decimal(value);
      return clamp === undefined ? undefined : { ...choice, clamp };
    },
  },
  sampler: {
    form: 'ancestral|ddim|dpm|dpm-sde',
    summary: 'sampler of the diffusion head',
    apply: (choice, value) => {
      const name = oneOf(['ancestral', 'ddim', 'dpm', 'dpm-sde'], value);
      return name && { ...choice, sampler: { ...choice.sampler, name } };
    },
  },
  'max-timestep': {
    form: '1 … 999',
    summary: 'where ancestral and ddim start; 999 leaves nothing out',
    apply: (choice, value) => {
      const maxTimestep = /^[1-9]\d{0,2}$/.test(value) ? Number(value) : undefined;
      return maxTimestep === undefined
        ? undefined
        : { ...choice, sampler: { ...choice.sampler, maxTimestep } };
    },
  },
  eta: {
    form: '0 … 1',
    summary: 'share of noise in ddim',
    apply: (choice, value) => {
      const eta = fraction(value);
      return eta === undefined ? undefined : { ...choice, sampler: { ...choice.sampler, eta } };
    },
  },
  'min-log-snr': {
    form: '-10 … 0',
    summary: 'where dpm and dpm-sde start; -10 leaves nothing out',
    apply: (choice, value) => {
      const size = value === '0' ? 0 : value.startsWith('-') ? decimal(value.slice(1)) : undefined;
      if (size === undefined || size > 10) return undefined;
      return { ...choice, sampler: { ...choice.sampler, minLogSnr: size === 0 ? 0 : -size } };
    },
  },
  'solver-order': {
    form: '1|2',
    summary: 'order of dpm and dpm-sde',
    apply: (choice, value) => {
      const order = value === '1' ? 1 : value === '2' ? 2 : undefined;
      return order && { ...choice, sampler: { ...choice.sampler, order } };
    },
  },
};

function changedOrder(
  change: (policy: OrderedDescription, value: string) => OrderedDescription | undefined,
): Suffix['apply'] {
  return (choice, value) => {
    const policy = choice.policy.order === 'gtr' ? undefined : change(choice.policy, value);
    return policy && { ...choice, policy };
  };
}

function changedGtr(
  change: (policy: GtrDescription, value: string) => GtrDescription | undefined,
): Suffix['apply'] {
  return (choice, value) => {
    const policy = choice.policy.order === 'gtr' ? change(choice.policy, value) : undefined;
    return policy && { ...choice, policy };
  };
}

function guidanceSaid(value: string): SamplingChoice['guidance'] {
  if (value === 'off') return { schedule: 'constant', scale: 1 };
  const [name = '', size, interval, ...more] = value.split(':');
  const schedule = oneOf(['constant', 'linear', 'interval'], name);
  if (!schedule) {
    const scale = decimal(value);
    return scale === undefined ? undefined : { scale };
  }
  const scale = size === undefined ? undefined : decimal(size);
  if (size !== undefined && scale === undefined) return undefined;
  const said = { schedule, ...(scale === undefined ? {} : { scale }) };
  if (interval === undefined) return said;
  const [above, upTo, ...others] = interval.split('-').map(fraction);
  if (schedule !== 'interval' || above === undefined || upTo === undefined || above >= upTo) return undefined;
  return others.length > 0 || more.length > 0 ? undefined : { ...said, above, upTo };
}

function oneOf<const Name extends string>(names: readonly Name[], value: string): Name | undefined {
  return names.find((name) => name === value);
}

function decimal(value: string): number | undefined {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
  // So many digits are more than a number can hold.
  return number === Number.POSITIVE_INFINITY ? undefined : number;
}

function fraction(value: string): number | undefined {
  const number = decimal(value);
  return number === undefined || number > 1 ? undefined : number;
}
