import { assertClamp, type GridShape, gridLength, keyedNoise } from '@tessera/core';
import type { PolicyDescription } from './policy-description.js';
import { type SamplingDescription, samplingFrom } from './sampling-description.js';

/**
 * Makes sure that a sampling can be carried out on an empty grid, without a model: for callers that write something before
 * the first picture is drawn.
 *
 * @throws InvalidOptionError where the policy has more steps than there are tokens, or the sampler has no table of as many
 * diffusion steps; ShapeMismatchError where a clamp has not as many limits as tokens have channels
 */
export function assertSamplingFits(description: SamplingDescription, shape: GridShape): void {
  const { policy, sampler } = samplingFrom(description);
  const { clamp } = description;
  assertClamp(clamp ?? undefined, shape.channels);
  policy.init({ shape, known: new Uint8Array(gridLength(shape)), noise: keyedNoise({ seed: 0 }) });
  for (const steps of diffusionStepsOf(description.policy)) sampler(steps);
}

/** Every number of diffusion steps that a policy names; an annealed one's others lie between. */
function diffusionStepsOf(policy: PolicyDescription): ReadonlySet<number> {
  if (policy.order !== 'gtr') {
    const { diffusionSteps } = policy;
    return new Set(
      typeof diffusionSteps === 'number' ? [diffusionSteps] : [diffusionSteps.from, diffusionSteps.to],
    );
  }
  const { steps, maxSteps, minSteps, reconstructionSteps, frequencyWeighted } = policy;
  // A single stage reconstructs nothing.
  const reconstruction = frequencyWeighted
    ? [reconstructionSteps, frequencyWeighted.detailSteps]
    : [reconstructionSteps];
  return new Set([maxSteps, minSteps, ...(steps.length > 1 ? reconstruction : [])]);
}
