import { readFile } from 'node:fs/promises';
import { type ImageRgb, TesseraError } from '@tessera/core';
import { decode, encode, hasPngSignature } from 'fast-png';
import { writeWhole } from './written-file.js';

/** The PNG keyword under which a picture carries its recipe. */
const KEYWORD = 'tessera';

/** Writes a picture whole or not at all; `recipe`, JSON, goes into the file as a text chunk. */
export async function writePng(path: string, image: ImageRgb, recipe?: unknown): Promise<void> {
  const { width, height, data } = image;
  const text = recipe === undefined ? {} : { text: { [KEYWORD]: latin1Json(recipe) } };
  await writeWhole(path, encode({ width, height, data, channels: 3, depth: 8, ...text }));
}

/**
 * Reads a picture that {@link writePng} has written.
 *
 * @returns the picture and the JSON text of its recipe, where it carries one
 * @throws TesseraError with code `png-file` where the file is not such a picture
 */
export async function readPng(path: string): Promise<{ image: ImageRgb; recipe?: string }> {
  const bytes = await readFile(path);
  if (!hasPngSignature(bytes)) throw new TesseraError('png-file', `${path} is not a PNG picture.`);
  const { width, height, data, depth, channels, text } = decode(bytes);
  if (depth !== 8 || channels !== 3) {
    throw new TesseraError('png-file', `${path} is not an 8-bit RGB picture, as tessera writes them.`);
  }
  const recipe = text[KEYWORD];
  const image = { width, height, data: Uint8Array.from(data) };
  return recipe === undefined ? { image } : { image, recipe };
}

/** PNG's text chunks are Latin-1; all else is escaped. */
function latin1Json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
