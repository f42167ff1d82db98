import type { ImageRgb } from '@tessera/core';

/** Pictures of one size side by side, `columns` a row, without gaps; the last row must be full. */
export function pictureGrid(pictures: readonly ImageRgb[], columns: number): ImageRgb {
  const { width, height } = pictures[0]!;
  const rows = pictures.length / columns;
  const data = new Uint8Array(rows * columns * width * height * 3);
  for (const [i, picture] of pictures.entries()) {
    const left = (i % columns) * width;
    const top = Math.floor(i / columns) * height;
    for (let y = 0; y < height; y++) {
      const line = picture.data.subarray(y * width * 3, (y + 1) * width * 3);
      data.set(line, ((top + y) * columns * width + left) * 3);
    }
  }
  return { width: columns * width, height: rows * height, data };
}
