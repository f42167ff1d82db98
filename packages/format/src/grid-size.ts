import { type GridShape, InvalidOptionError } from '@tessera/core';
import type { Manifest } from './manifest.js';

/**
 * The rows and columns of tokens of a picture of so many pixels.
 *
 * @throws InvalidOptionError unless both sides are whole tokens, and the model draws pictures of that size
 */
export function gridSizeOf(
  { family, grid, latents }: Pick<Manifest, 'family' | 'grid' | 'latents'>,
  { width, height }: { readonly width: number; readonly height: number },
): Pick<GridShape, 'height' | 'width'> {
  const token = latents.patchSize * latents.stride;
  const size = { height: height / token, width: width / token };
  const refuse = (expectation: string): never => {
    throw new InvalidOptionError('size', `${width}x${height}`, expectation);
  };
  if (family !== 'lightgen' && (size.height !== grid.height || size.width !== grid.width)) {
    refuse(`must be ${grid.width * token}x${grid.height * token}, the one size that this model draws`);
  }
  if (Object.values(size).some((tokens) => tokens < 1 || !Number.isInteger(tokens))) {
    refuse(`must be multiples of ${token} pixels`);
  }
  return size;
}
