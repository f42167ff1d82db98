import { assertSamplingFits, gridSizeOf, type Recipe } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';

/**
 * Makes sure that a model can draw a recipe's pictures, before anything is written.
 *
 * @throws as `assertSamplingFits` does; InvalidOptionError where the model draws no pictures of the recipe's size
 */
export function assertRecipeFits(
  { sampling, size }: Pick<Recipe, 'sampling' | 'size'>,
  { manifest, shape, diffusion, reuses }: LoadedModel,
): void {
  const ofSize = { ...shape, ...(size ? gridSizeOf(manifest, size) : {}) };
  assertSamplingFits(sampling, { shape: ofSize, diffusion, reuses });
}
