import type { CoefficientsSampler, DiffusionProcess, GeneratedImage } from '@tessera/core';

/** What a picture took to sample: the same on every machine. */
export interface SamplingWork {
  /** Passes of the transformer; a guided step makes two. */
  readonly passes: number;
  /** Rows that the head is evaluated on: tokens × steps of the sampler, twice where guided. */
  readonly headEvaluations: number;
}

/**
 * Counts the work of a picture by its plans as they were carried out.
 *
 * @param steps of the finished picture
 * @param sampler the head's: it may merge some of the diffusion steps that a plan asks for
 */
export function samplingWork(
  steps: GeneratedImage['steps'],
  sampler: CoefficientsSampler,
  diffusion?: DiffusionProcess,
): SamplingWork {
  let passes = 0;
  let headEvaluations = 0;
  for (const { plan, guidanceScale } of steps) {
    const halves = guidanceScale === 1 ? 1 : 2;
    passes += halves;
    for (const count of plan.diffusionSteps)
      headEvaluations += halves * sampler(count, diffusion).steps.length;
  }
  return { passes, headEvaluations };
}
