import { type GridShape, InvalidOptionError, planImage, type StepPlan } from '@tessera/core';
import type { CoefficientsSampler } from '@tessera/core/diffusion';
import { assertClamp } from '@tessera/core/model';
import type { PolicyDescription } from './policy-description.js';
import { type SamplingDescription, samplingFrom } from './sampling-description.js';

/**
 * Makes sure that a sampling can be carried out on an empty grid, without a model: for callers that write something before
 * the first picture is drawn.
 *
 * @throws InvalidOptionError where the policy has more steps than there are tokens, or the sampler has no table of as many
 * diffusion steps as a token would get; ShapeMismatchError where a clamp has not as many limits as tokens have channels
 */
export function assertSamplingFits(description: SamplingDescription, shape: GridShape): void {
  const { policy, sampler } = samplingFrom(description);
  const { clamp } = description;
  assertClamp(clamp ?? undefined, shape.channels);
  const plans = planImage(policy, shape);
  for (const steps of diffusionStepsOf(plans, description.policy)) assertTable(sampler, steps);
}

/** Every number of diffusion steps that the tokens of an image are planned with, or given by FTS. */
function diffusionStepsOf(plans: readonly StepPlan[], policy: PolicyDescription): ReadonlySet<number> {
  const counts = new Set(plans.flatMap(({ diffusionSteps }) => [...diffusionSteps]));
  if (policy.order !== 'gtr' || !policy.frequencyWeighted) return counts;
  const { choose, ratio, detailSteps } = policy.frequencyWeighted;
  const chooses = choose === 'all' || ratio > 0;
  if (chooses && plans.some(({ stage }) => stage === 'reconstruction')) counts.add(detailSteps);
  return counts;
}

/** Throws InvalidOptionError, by the words that a policy's text has for it, unless the sampler has such a table. */
function assertTable(sampler: CoefficientsSampler, steps: number): void {
  try {
    sampler(steps);
  } catch (error) {
    if (!InvalidOptionError.isInstance(error)) throw error;
    throw new InvalidOptionError('diffusion steps', steps, error.expectation);
  }
}
