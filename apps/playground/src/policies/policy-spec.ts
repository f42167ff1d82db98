import { parseSpec, stepsText } from '@tessera/format';
import { type PolicyName, SHOWN_POLICIES } from './shown-policies.js';

/** A policy by name, with steps and diffusion steps of its own where they are given. */
export interface NamedPolicyChoice {
  readonly kind: 'named';
  readonly name: PolicyName;
  /** Sampling steps in all. @default the policy's */
  readonly steps?: number;
  /** The most diffusion steps of a token. @default the policy's */
  readonly diffusionSteps?: number;
}

/** A policy by name, or one of the user's own as source text. */
export type PolicyChoice = NamedPolicyChoice | { readonly kind: 'own'; readonly source: string };

export const STEPS = { min: 4, max: 128, step: 1 } as const;
export const DIFFUSION_STEPS = { min: 2, max: 100, step: 1 } as const;

/** A policy's own numbers: the steps of each stage, and its diffusion steps, the most first. */
export function ownNumbers(name: PolicyName): {
  readonly steps: readonly number[];
  readonly diffusionSteps: readonly number[];
} {
  const [steps, diffusionSteps] = stepsText(parseSpec(name).policy)
    .split(' × ')
    .map((list) => list.split(/[+-]/).map(Number));
  return { steps: steps!, diffusionSteps: diffusionSteps! };
}

/** The sampler spec of a choice. All stages, and all diffusion steps, are scaled alike. */
export function policySpec({ name, steps, diffusionSteps }: Omit<NamedPolicyChoice, 'kind'>): string {
  if (steps === undefined && diffusionSteps === undefined) return name;
  const own = ownNumbers(name);
  const perStage = steps === undefined ? own.steps : shares(own.steps, steps);
  const scale = diffusionSteps === undefined ? 1 : diffusionSteps / own.diffusionSteps[0]!;
  const scaled = own.diffusionSteps.map((count) => Math.max(1, Math.round(count * scale)));
  return `${name}:${perStage.join('+')}x${scaled.join('+')}`;
}

/** `total`, which is no less than there are weights, in shares that go with them, each 1 or more: by largest remainders. */
function shares(weights: readonly number[], total: number): number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight * total) / all);
  const given = exact.map((share) => Math.max(1, Math.floor(share)));
  const lacks = (i: number): number => exact[i]! - given[i]!;
  /** The share with the most of `worth`, the first of several. */
  const first = (worth: (i: number) => number): number =>
    given.reduce((best, _, i) => (worth(i) > worth(best) ? i : best), 0);
  let rest = total - given.reduce((sum, share) => sum + share, 0);
  for (; rest > 0; rest--) given[first(lacks)]!++;
  // Where shares were raised to 1.
  for (; rest < 0; rest++) given[first((i) => (given[i]! > 1 ? -lacks(i) : Number.NEGATIVE_INFINITY))]!--;
  return given;
}

/** A policy's title; where its steps were changed, with what they are. */
export function policyTitle(policy: PolicyChoice): string {
  if (policy.kind === 'own') return 'Your own';
  const { title } = SHOWN_POLICIES[policy.name];
  if (policy.steps === undefined && policy.diffusionSteps === undefined) return title;
  return `${title.split(',')[0]}, ${stepsText(parseSpec(policySpec(policy)).policy)}`;
}
