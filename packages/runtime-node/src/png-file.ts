import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { ImageRgb } from '@tessera/core';
import { PngError, pngBytes, readPngBytes } from '@tessera/format/png';

/**
 * Writes an 8-bit RGB PNG, beside first, then renamed: the file is there whole or not at all.
 *
 * @example
 * const [picture] = await generateImages({ model, requests });
 * if (picture) await writePng('picture.png', picture.image);
 */
export async function writePng(path: string, image: ImageRgb): Promise<void> {
  const partial = `${path}.part`;
  try {
    await writeFile(partial, pngBytes(image));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Reads any PNG as 8-bit RGB: grey is repeated, alpha is dropped, 16 bits are cut to 8, fewer are stretched to 8.
 *
 * @throws PngError (code `png-file`) if there is no such file, it is no PNG, or is damaged
 * @example
 * const { width, height, data } = await readPng('photo.png');
 */
export async function readPng(path: string): Promise<ImageRgb> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new PngError(`${path} can't be read: ${(cause as Error).message}. Check the path.`, { cause });
  }
  return readPngBytes(bytes, path).image;
}
