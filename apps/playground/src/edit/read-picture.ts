import { type ImageRgb, TesseraError } from '@tessera/core';

/**
 * A picture file as a square of `size` pixels: the middle is cut out and scaled.
 *
 * @throws TesseraError with code `unreadable-picture`
 */
export async function readPicture(file: Blob, size: number): Promise<ImageRgb> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    throw new TesseraError('unreadable-picture', cause instanceof Error ? cause.message : String(cause));
  }
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  // White behind what is transparent.
  context.fillStyle = 'white';
  context.fillRect(0, 0, size, size);
  context.imageSmoothingQuality = 'high';
  context.drawImage(
    bitmap,
    (bitmap.width - side) / 2,
    (bitmap.height - side) / 2,
    side,
    side,
    0,
    0,
    size,
    size,
  );
  bitmap.close();
  const { data: rgba } = context.getImageData(0, 0, size, size);
  const data = new Uint8Array(size * size * 3);
  for (let pixel = 0; pixel < size * size; pixel++)
    data.set(rgba.subarray(pixel * 4, pixel * 4 + 3), pixel * 3);
  return { width: size, height: size, data };
}
