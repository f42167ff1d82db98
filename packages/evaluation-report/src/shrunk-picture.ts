import type { ImageRgb } from '@tessera/core';

/**
 * A picture whose sides are `most` pixels or fewer: each pixel the mean of a square. What is left over at the right and
 * at the bottom is cut off.
 */
export function shrunkPicture(image: ImageRgb, most: number): ImageRgb {
  const side = Math.ceil(Math.max(image.width, image.height) / most);
  if (side <= 1) return image;
  const width = Math.floor(image.width / side);
  const height = Math.floor(image.height / side);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let row = y * side; row < (y + 1) * side; row++) {
          for (let column = x * side; column < (x + 1) * side; column++) {
            sum += image.data[(row * image.width + column) * 3 + channel]!;
          }
        }
        data[(y * width + x) * 3 + channel] = Math.round(sum / (side * side));
      }
    }
  }
  return { width, height, data };
}
