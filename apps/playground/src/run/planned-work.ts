import type { GridShape } from '@tessera/core';
import { gridLength, planImage } from '@tessera/core/model';
import type { Sampling } from '@tessera/format';
import type { StepWork } from './time-estimate.js';

/**
 * The work of a picture before it is drawn. Refinements such as FTS, which need the conditions, are left out.
 *
 * @param picture.imageIndex of the picture within its seed
 */
export function plannedWork(
  { policy, guidance }: Pick<Sampling, 'policy' | 'guidance'>,
  shape: Pick<GridShape, 'height' | 'width'>,
  picture: { readonly seed: number; readonly imageIndex: number },
): StepWork & { readonly steps: number } {
  const total = gridLength(shape);
  const plans = planImage(policy, shape, picture);
  let maskedBefore = total;
  let passes = 0;
  let headEvaluations = 0;
  for (const { positions, diffusionSteps } of plans) {
    const maskedAfter = maskedBefore - positions.length;
    const stepPasses = guidance({ total, maskedBefore, maskedAfter }) === 1 ? 1 : 2;
    passes += stepPasses;
    headEvaluations += stepPasses * diffusionSteps.reduce((sum, steps) => sum + steps, 0);
    maskedBefore = maskedAfter;
  }
  return { steps: plans.length, passes, headEvaluations };
}
