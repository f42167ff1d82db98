import type { PartName } from './parameters.js';
import {
  choiceOf,
  defaultOf,
  type PolicyConfig,
  parametersOf,
  partOf,
  rowsOf,
  type SamplingConfig,
} from './sampling-config.js';

/** Sampling steps of a picture. */
export function samplingSteps({ policy }: Pick<SamplingConfig, 'policy'>): number {
  return [policy.steps].flat().reduce((sum, steps) => sum + steps, 0);
}

/** Steps and diffusion steps in a few signs, for tables and sheets, e.g. `64 × 100` or `24+6+2 × 50-20`. */
export function stepsText(policy: PolicyConfig): string {
  const [steps, diffusionSteps] = (['steps', 'diffusion'] as const).map((place) =>
    rowsOf('policy', policy.order)
      .find((row) => row.place === place)
      ?.print(policy),
  );
  return `${steps} × ${diffusionSteps?.replaceAll('+', '-')}`;
}

/** A policy in a line, e.g. `GtR 12+3+1 × 50-20, fts off`. */
export function describePolicyConfig(policy: PolicyConfig): string {
  const order = policy.order === 'gtr' ? 'GtR' : `${policy.order} order`;
  return [`${order} ${stepsText(policy)}`, ...details({ policy }, 'policy')].join(', ');
}

/**
 * A sampling in parts of a line, e.g. `random order 64 × 100`, `guidance linear:3`, `temperature 0.85`, `clamp 5`. The policy
 * comes first; guidance, temperature and clamp are always among them, all else where it is not the default.
 */
export function describeSampling(config: SamplingConfig): string[] {
  const [policy = '', ...policyDetails] = describePolicyConfig(config.policy).split(', ');
  const { clamp } = config;
  const limits = Array.isArray(clamp) && `${Math.min(...clamp)}-${Math.max(...clamp)} by channel`;
  return [
    policy,
    ...policyDetails,
    ...(['guidance', ''] as const).flatMap((part) =>
      shown(part, choiceOf(part, partOf(config, part))).map(
        ({ flag, print }) => `${flag} ${(flag === 'clamp' && limits) || print(partOf(config, part))}`,
      ),
    ),
    ...details(config, 'sampler'),
    ...details(config, 'reuse'),
    ...details(config, 'corrector'),
  ];
}

/** A part's values that are not the default. */
function details(config: Partial<SamplingConfig>, part: PartName): string[] {
  const values = partOf(config, part);
  const choice = choiceOf(part, values);
  const usual = {
    ...(part === 'sampler' ? { name: 'ancestral' } : {}),
    ...Object.fromEntries(parametersOf(part, choice).map((row) => [row.key, defaultOf(row, choice)])),
  };
  return shown(part, choice)
    .filter(({ print }) => print(values) !== print(usual))
    .map(({ flag, print }) => `${flag} ${print(values)}`);
}

function shown(part: PartName, choice: string | undefined) {
  return rowsOf(part, choice).filter(({ place, writtenBy }) => !place && !writtenBy);
}
