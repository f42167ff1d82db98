import type { PolicyChoice } from '../policies/policy-spec.js';
import { DEFAULT_POLICY } from '../policies/shown-policies.js';

/** Everything that decides a picture, given the model. */
export interface Settings {
  readonly classLabel: number;
  /** 0 … 2³² − 1. */
  readonly seed: number;
  readonly policy: PolicyChoice;
  /** Scale at the end of the model's guidance schedule; 1 for none. */
  readonly guidance: number;
  readonly temperature: number;
}

export const LARGEST_SEED = 2 ** 32 - 1;
export const GUIDANCE = { min: 1, max: 8, step: 0.1 } as const;
export const TEMPERATURE = { min: 0.5, max: 1.2, step: 0.01 } as const;

/** What the page opens with: what the embedded model advises. */
export const DEFAULT_SETTINGS: Settings = {
  classLabel: 3,
  seed: 11,
  policy: { kind: 'named', name: DEFAULT_POLICY },
  guidance: 1,
  temperature: 0.95,
};

/** The nearest number that an option may take. */
export function within(value: number, { min, max }: { readonly min: number; readonly max: number }): number {
  return Math.min(max, Math.max(min, value));
}
