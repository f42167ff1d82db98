import type { ImageRgb } from '@tessera/core';
import { encode } from 'fast-png';
import { decodePng } from './png-decoder.js';

export { type DecodedPng, decodePng, PngError } from './png-decoder.js';

/** The PNG keyword under which a picture carries its recipe. */
const KEYWORD = 'tessera';

/** A picture as the bytes of a PNG file; `recipe`, JSON, goes into it as a text chunk. */
export function pngBytes({ width, height, data }: ImageRgb, recipe?: unknown): Uint8Array<ArrayBuffer> {
  const text = recipe === undefined ? {} : { text: { [KEYWORD]: latin1Json(recipe) } };
  return Uint8Array.from(encode({ width, height, data, channels: 3, depth: 8, ...text }));
}

/**
 * Reads any PNG as 8-bit RGB, and the recipe inside; image tools may have compressed it.
 *
 * @param from where the bytes come from, for messages
 * @returns the picture and the JSON text of its recipe, where it carries one
 * @throws PngError where they are no PNG, or a damaged one
 */
export function readPngBytes(bytes: Uint8Array, from: string): { image: ImageRgb; recipe?: string } {
  const { image, text } = decodePng(bytes, from);
  const recipe = text.get(KEYWORD);
  return recipe === undefined ? { image } : { image, recipe };
}

/** PNG's text chunks are Latin-1; all else is escaped. */
function latin1Json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
