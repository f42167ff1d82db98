import type { ImageSize } from '@tessera/core/model';
import type { Manifest } from '@tessera/format';

/** The size of the pictures that a model decodes and encodes. */
export function imageSizeOf({ grid, latents }: Manifest): ImageSize {
  const token = latents.patchSize * latents.stride;
  return { width: grid.width * token, height: grid.height * token };
}
