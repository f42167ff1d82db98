import type { GridShape, ImageMask, ImageRgb } from '@tessera/core';

/** [h·w·4], as canvases want them. */
export type Rgba = Uint8ClampedArray<ArrayBuffer>;

/**
 * A picture as RGBA, transparent where its token is not `known`.
 *
 * @param known [L]; undefined where all are
 */
export function rgbaOf(
  image: ImageRgb,
  shape: Pick<GridShape, 'height' | 'width'>,
  known?: Uint8Array,
): Rgba {
  const { data, width, height } = image;
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) rgba[pixel * 4 + c] = data[pixel * 3 + c]!;
    rgba[pixel * 4 + 3] = !known || known[tokenOfPixel(pixel, image, shape)] ? 255 : 0;
  }
  return rgba;
}

/** The position of the token that a pixel belongs to. */
export function tokenOfPixel(
  pixel: number,
  image: Pick<ImageRgb, 'height' | 'width'>,
  shape: Pick<GridShape, 'height' | 'width'>,
): number {
  const row = Math.floor((Math.floor(pixel / image.width) * shape.height) / image.height);
  const column = Math.floor(((pixel % image.width) * shape.width) / image.width);
  return row * shape.width + column;
}

/**
 * Pixels of `before` that were not repainted, and how many of them `after` has byte for byte. `after` may be larger: then
 * `before` lies in its middle.
 *
 * @param repainted of the size of `after`, not 0 where a pixel was repainted
 */
export function keptPixels(
  before: ImageRgb,
  after: ImageRgb,
  repainted: ImageMask,
): { readonly kept: number; readonly equal: number } {
  const top = (after.height - before.height) / 2;
  const left = (after.width - before.width) / 2;
  let kept = 0;
  let equal = 0;
  for (let y = 0; y < before.height; y++) {
    for (let x = 0; x < before.width; x++) {
      const to = (y + top) * after.width + x + left;
      if (repainted.data[to]) continue;
      kept++;
      const from = y * before.width + x;
      if ([0, 1, 2].every((c) => before.data[from * 3 + c] === after.data[to * 3 + c])) equal++;
    }
  }
  return { kept, equal };
}

/**
 * |a − b| of each channel, times `gain`, as a picture: black where they agree.
 *
 * @returns the picture and the mean of |a − b| before the gain, 0 … 255
 */
export function difference(
  a: ImageRgb,
  b: ImageRgb,
  gain = 2,
): { readonly image: ImageRgb; readonly mean: number } {
  const data = new Uint8ClampedArray(a.data.length);
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const distance = Math.abs(a.data[i]! - b.data[i]!);
    sum += distance;
    data[i] = distance * gain;
  }
  const image = { width: a.width, height: a.height, data: new Uint8Array(data.buffer) };
  return { image, mean: sum / Math.max(1, data.length) };
}
