import { assertInteger, assertShape } from './errors.js';
import type { ImageRgb } from './image.js';

/**
 * Resizes a picture by bilinear interpolation with half-pixel centres. Where it shrinks, the triangle is as wide as the
 * pixels that fall together, so nothing aliases. The result equals Pillow's BILINEAR but for its rounding to 8 bits.
 *
 * @returns [height, width, 3] in 0 … 255, not rounded
 * @throws InvalidOptionError if a side is not an integer ≥ 1, ShapeMismatchError if the picture's data has another length
 */
export function resizeBilinear(image: ImageRgb, width: number, height: number): Float32Array {
  assertInteger('width', width, 1);
  assertInteger('height', height, 1);
  assertShape('image.data [H, W, 3]', image.data, [image.height, image.width, 3]);
  const columns = triangles(image.width, width);
  const rows = triangles(image.height, height);
  const across = new Float32Array(image.height * width * 3);
  for (let y = 0; y < image.height; y++) {
    for (const [x, { from, weights }] of columns.entries()) {
      const target = (y * width + x) * 3;
      for (const [i, weight] of weights.entries()) {
        const source = (y * image.width + from + i) * 3;
        for (let c = 0; c < 3; c++) across[target + c]! += weight * image.data[source + c]!;
      }
    }
  }
  const resized = new Float32Array(height * width * 3);
  for (const [y, { from, weights }] of rows.entries()) {
    for (const [i, weight] of weights.entries()) {
      const source = (from + i) * width * 3;
      for (let x = 0; x < width * 3; x++) resized[y * width * 3 + x]! += weight * across[source + x]!;
    }
  }
  return resized;
}

/** {@link resizeBilinear}, rounded to 8 bits; the picture itself if it has that size already. */
export function resizeImage(image: ImageRgb, width: number, height: number): ImageRgb {
  if (image.width === width && image.height === height) return image;
  return { width, height, data: Uint8Array.from(resizeBilinear(image, width, height), Math.round) };
}

interface Triangle {
  /** The first source pixel. */
  readonly from: number;
  /** Of it and those after it; their sum is 1. */
  readonly weights: readonly number[];
}

/** For each target pixel of a line, the source pixels that it is made of. */
function triangles(source: number, target: number): Triangle[] {
  const scale = source / target;
  const reach = Math.max(1, scale);
  return Array.from({ length: target }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - reach + 0.5));
    const to = Math.min(source, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: to - from }, (_, i) =>
      Math.max(0, 1 - Math.abs(from + i + 0.5 - centre) / reach),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { from, weights: raw.map((weight) => weight / sum) };
  });
}
