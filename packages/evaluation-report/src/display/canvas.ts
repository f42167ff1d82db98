import type { ImageRgb } from '@tessera/core';

/** Red, green, blue, 0 … 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A picture of one colour, to draw on. */
export function canvas(width: number, height: number, colour: Colour): ImageRgb {
  const picture = { width, height, data: new Uint8Array(width * height * 3) };
  fill(picture, 0, 0, width, height, colour);
  return picture;
}

/** Fills a rectangle; what lies outside the picture is left out. */
export function fill(
  target: ImageRgb,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  const right = Math.min(target.width, left + width);
  const bottom = Math.min(target.height, top + height);
  for (let y = Math.max(0, top); y < bottom; y++) {
    for (let x = Math.max(0, left); x < right; x++) target.data.set(colour, (y * target.width + x) * 3);
  }
}

/** Puts `source` onto `target`, each pixel as a square of `scale` × `scale`; it must fit. */
export function draw(target: ImageRgb, source: ImageRgb, left: number, top: number, scale = 1): void {
  const row = new Uint8Array(source.width * scale * 3);
  for (let y = 0; y < source.height; y++) {
    for (let x = 0; x < source.width; x++) {
      const from = (y * source.width + x) * 3;
      const pixel = source.data.subarray(from, from + 3);
      for (let copy = 0; copy < scale; copy++) row.set(pixel, (x * scale + copy) * 3);
    }
    for (let copy = 0; copy < scale; copy++) {
      target.data.set(row, ((top + y * scale + copy) * target.width + left) * 3);
    }
  }
}
