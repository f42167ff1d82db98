import { assertShape } from '../errors.js';
import type { NoiseSource } from './source.js';

/**
 * The noise of some tokens of a batch at one diffusion step, as the head loop consumes it.
 *
 * @param images each image's source and the grid positions of its tokens
 * @param step 0 for the initial x, s for the s-th step of the table (1 = the first, noisiest one). A step whose noise is
 *   of kind `none` needs none.
 * @param out [n, C], n = the positions of all images, image by image
 * @returns `out`
 * @throws ShapeMismatchError where `out` has another length, and whatever a source throws
 */
export function fillTokenNoise(
  images: readonly { readonly noise: NoiseSource; readonly positions: Uint32Array }[],
  step: number,
  channels: number,
  out: Float32Array,
): Float32Array {
  const count = images.reduce((sum, { positions }) => sum + positions.length, 0);
  assertShape('noise [n, C]', out, [count, channels]);
  const row = new Float32Array(channels);
  let offset = 0;
  for (const { noise, positions } of images) {
    for (const position of positions) {
      out.set(noise.tokenNormal(position, step, row), offset);
      offset += channels;
    }
  }
  return out;
}
