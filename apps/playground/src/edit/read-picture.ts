import { type ImageRgb, TesseraError } from '@tessera/core';

/** Pixels of the longer side that a picture may have; a larger one is scaled down. */
const LONGEST_SIDE = 2048;

/**
 * A picture file's pixels. White lies behind what is transparent.
 *
 * @throws TesseraError with code `unreadable-picture`
 */
export async function readPicture(file: Blob): Promise<ImageRgb> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    throw new TesseraError('unreadable-picture', cause instanceof Error ? cause.message : String(cause));
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const { data: rgba } = context.getImageData(0, 0, canvas.width, canvas.height);
  const data = new Uint8Array(canvas.width * canvas.height * 3);
  for (let pixel = 0; pixel < canvas.width * canvas.height; pixel++)
    data.set(rgba.subarray(pixel * 4, pixel * 4 + 3), pixel * 3);
  return { width: canvas.width, height: canvas.height, data };
}
