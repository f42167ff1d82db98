import { type PolicyDescription, usualDetailSteps } from './policy-description.js';
import type { SamplerDescription, SamplingDescription } from './sampling-description.js';

/** Steps and diffusion steps in a few signs, for tables and sheets, e.g. `64 × 100` or `24+6+2 × 50-20`. */
export function paceOf(description: PolicyDescription): string {
  if (description.order === 'gtr') {
    const { steps, maxSteps, minSteps } = description;
    return `${steps.join('+')} × ${maxSteps === minSteps ? maxSteps : `${maxSteps}-${minSteps}`}`;
  }
  const { steps, diffusionSteps } = description;
  return `${steps} × ${typeof diffusionSteps === 'number' ? diffusionSteps : `${diffusionSteps.from}-${diffusionSteps.to}`}`;
}

/**
 * A sampling in a line, e.g. `random order 64 × 100, guidance linear 3, temperature 0.85, clamp 5`. Two samplings have the
 * same line only where they differ in nothing but how a clamp by channel lies between its ends.
 */
export function samplingLine(sampling: SamplingDescription): string {
  return samplingParts(sampling).join(', ');
}

/**
 * The parts of that line. Order and pace come first, then guidance, temperature and clamp, with all else, in the words of
 * a policy's text, only where it is not the policy's or the sampler's default.
 */
export function samplingParts({
  policy,
  guidance,
  temperature,
  clamp,
  sampler,
}: SamplingDescription): string[] {
  return [
    `${orderOf(policy)} ${paceOf(policy)}`,
    ...paceDetails(policy),
    guidanceLine(guidance),
    `temperature ${temperature}`,
    clampLine(clamp),
    ...samplerDetails(sampler),
  ];
}

function orderOf(policy: PolicyDescription): string {
  if (policy.order !== 'gtr') return `${policy.order} order`;
  const { subsets, frequencyWeighted } = policy;
  const on = subsets === 'diagonal' ? '' : ` on ${subsets} subsets`;
  if (!frequencyWeighted) return `GtR${on}`;
  const { choose } = frequencyWeighted;
  return `GtR${on} + FTS${choose === 'high' ? '' : ` (${choose})`}`;
}

function paceDetails(policy: PolicyDescription): string[] {
  if (policy.order !== 'gtr') {
    const { counts, diffusionSteps } = policy;
    const shape = typeof diffusionSteps === 'number' ? 'linear' : diffusionSteps.shape;
    return [
      ...saidUnless(policy.order === 'halton' ? 'halton' : 'cosine', 'counts', counts),
      ...saidUnless('linear', 'annealing', shape),
    ];
  }
  const { parity, minSteps, reconstructionSteps, frequencyWeighted } = policy;
  return [
    ...saidUnless(0, 'parity', parity),
    ...saidUnless(minSteps, 'reconstruction ×', reconstructionSteps),
    ...(frequencyWeighted
      ? [
          ...saidUnless(0.1, 'FTS ratio', frequencyWeighted.ratio),
          ...saidUnless(usualDetailSteps(reconstructionSteps), 'FTS detail ×', frequencyWeighted.detailSteps),
        ]
      : []),
  ];
}

function guidanceLine(guidance: SamplingDescription['guidance']): string {
  const { schedule, scale } = guidance;
  const where = guidance.schedule === 'interval' ? ` at ${guidance.above}-${guidance.upTo}` : '';
  return `guidance ${schedule} ${scale}${where}`;
}

function clampLine(clamp: SamplingDescription['clamp']): string {
  if (clamp === null) return 'clamp off';
  if (typeof clamp === 'number') return `clamp ${clamp}`;
  return `clamp ${Math.min(...clamp)}-${Math.max(...clamp)} by channel`;
}

function samplerDetails(sampler: SamplerDescription): string[] {
  switch (sampler.name) {
    case 'ancestral':
      return saidUnless(999, 'max-timestep', sampler.maxTimestep);
    case 'ddim':
      return [
        'ddim sampler',
        ...saidUnless(950, 'max-timestep', sampler.maxTimestep),
        ...saidUnless(0, 'eta', sampler.eta),
      ];
    case 'dpm':
    case 'dpm-sde':
      return [
        `${sampler.name} sampler`,
        ...saidUnless(-5.1, 'min-log-snr', sampler.minLogSnr),
        ...saidUnless(2, 'solver-order', sampler.order),
      ];
  }
}

function saidUnless<T extends string | number>(usual: T, words: string, value: T): string[] {
  return value === usual ? [] : [`${words} ${value}`];
}
