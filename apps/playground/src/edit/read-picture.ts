import { type ImageRgb, TesseraError } from '@tessera/core';

/**
 * A picture file in the size of the model's pictures: the middle is cut out and scaled.
 *
 * @throws TesseraError with code `unreadable-picture`
 */
export async function readPicture(
  file: Blob,
  { height, width }: { readonly height: number; readonly width: number },
): Promise<ImageRgb> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    throw new TesseraError('unreadable-picture', cause instanceof Error ? cause.message : String(cause));
  }
  const scale = Math.min(bitmap.width / width, bitmap.height / height);
  const [cutWidth, cutHeight] = [width * scale, height * scale];
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  // White behind what is transparent.
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(
    bitmap,
    (bitmap.width - cutWidth) / 2,
    (bitmap.height - cutHeight) / 2,
    cutWidth,
    cutHeight,
    0,
    0,
    width,
    height,
  );
  bitmap.close();
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    data.set(rgba.subarray(pixel * 4, pixel * 4 + 3), pixel * 3);
  return { width, height, data };
}
