import type { PolicyDescription } from './policy-description.js';
import type { SamplingDescription } from './sampling-description.js';

/** Steps and diffusion steps in a few signs, for tables and sheets, e.g. `64 × 100` or `24+6+2 × 50-20`. */
export function paceOf(description: PolicyDescription): string {
  if (description.order === 'gtr') {
    const { steps, maxSteps, minSteps } = description;
    return `${steps.join('+')} × ${maxSteps === minSteps ? maxSteps : `${maxSteps}-${minSteps}`}`;
  }
  const { steps, diffusionSteps } = description;
  return `${steps} × ${typeof diffusionSteps === 'number' ? diffusionSteps : `${diffusionSteps.from}-${diffusionSteps.to}`}`;
}

/** A sampling in a line, e.g. `random order 64 × 100, guidance linear 3, temperature 0.85`. */
export function samplingLine(sampling: SamplingDescription): string {
  return samplingParts(sampling).join(', ');
}

/** The parts of that line; order and counts come first. */
export function samplingParts({ policy, guidance, temperature, sampler }: SamplingDescription): string[] {
  return [
    `${orderOf(policy)} ${paceOf(policy)}`,
    `guidance ${guidance.schedule} ${guidance.scale}`,
    `temperature ${temperature}`,
    ...(sampler.name === 'ancestral' ? [] : [`${sampler.name} sampler`]),
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
