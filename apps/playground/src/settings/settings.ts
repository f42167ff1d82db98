import type { Manifest } from '@tessera/format';
import type { PolicyChoice } from '../policies/policy-spec.js';
import type { Condition } from './condition.js';

/** `ancestral`: as published, for some twenty diffusion steps and more; `dpm`: DPM-Solver++ (2M), for eight and more. */
export type SamplerChoice = 'ancestral' | 'dpm';

/** Everything that decides a picture, given the model. */
export interface Settings {
  readonly condition: Condition;
  /** 0 … 2³² − 1. */
  readonly seed: number;
  readonly policy: PolicyChoice;
  /** Scale at the end of the model's guidance schedule; 1 for none. */
  readonly guidance: number;
  readonly temperature: number;
  /** Of the diffusion head. */
  readonly sampler: SamplerChoice;
  /** The share of tokens, those that the model finds least likely, that are drawn again in the end; 0 for none. */
  readonly redrawn: number;
  /** How often as many are drawn again. */
  readonly rounds: number;
}

export const LARGEST_SEED = 2 ** 32 - 1;
export const GUIDANCE = { min: 1, max: 8, step: 0.1 } as const;
export const TEMPERATURE = { min: 0.5, max: 1.2, step: 0.01 } as const;
export const REDRAWN = { min: 0, max: 0.5, step: 0.05 } as const;
export const ROUNDS = { min: 1, max: 4 } as const;
/** Of links and entries that say what share is drawn again, and not how often. */
export const ROUNDS_UNSAID = 2;
/** Of links and entries from before it could be chosen. */
export const SAMPLER_UNSAID: SamplerChoice = 'ancestral';

/** The samplers, with their titles. */
export const SAMPLERS: Readonly<Record<SamplerChoice, string>> = {
  ancestral: 'Ancestral, as published',
  dpm: 'DPM-Solver++, for few diffusion steps',
};

/** What each of the embedded models advises, with a picture to begin with. */
export const ADVISED: Readonly<Record<Condition['kind'], Settings>> = {
  class: {
    condition: { kind: 'class', classLabel: 3 },
    seed: 11,
    policy: { kind: 'named', name: 'gtr-gradual', steps: 16, diffusionSteps: 8 },
    guidance: 1,
    temperature: 0.96,
    sampler: 'dpm',
    redrawn: 0.25,
    rounds: 2,
  },
  text: {
    condition: { kind: 'text', prompt: 'a burger on a blue background' },
    seed: 11,
    policy: { kind: 'named', name: 'gtr-gradual', steps: 10, diffusionSteps: 8 },
    guidance: 1.5,
    temperature: 0.8,
    sampler: 'dpm',
    redrawn: 0.25,
    rounds: 2,
  },
};

/** What the page opens with. */
export const DEFAULT_SETTINGS = ADVISED.text;

/** The same for policies that are compared: as others use them, with neither DPM-Solver++ nor a corrector. */
export function asPublished(settings: Settings): Settings {
  return { ...settings, sampler: 'ancestral', redrawn: 0 };
}

/** Settings for a model that may take something else, or have fewer classes; the same object where they fit. */
export function fittingSettings(settings: Settings, taken: Manifest['condition']): Settings {
  const { condition, seed } = settings;
  const fitting = condition.kind === taken.kind ? settings : { ...ADVISED[taken.kind], seed };
  if (fitting.condition.kind !== 'class' || taken.kind !== 'class') return fitting;
  const last = taken.count - 1;
  if (fitting.condition.classLabel <= last) return fitting;
  return { ...fitting, condition: { kind: 'class', classLabel: last } };
}

/** The nearest number that an option may take. */
export function within(value: number, { min, max }: { readonly min: number; readonly max: number }): number {
  return Math.min(max, Math.max(min, value));
}
