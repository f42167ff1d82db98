import type { ImageRgb } from '@tessera/core';
import { encode } from 'fast-png';
import type { Recipe } from './recipe.js';

/** A picture as a PNG file that carries its recipe, as the command line writes and reads them. */
export function pngFile({ width, height, data }: ImageRgb, recipe?: Recipe): Uint8Array<ArrayBuffer> {
  const text = recipe === undefined ? {} : { text: { tessera: latin1Json(recipe) } };
  return Uint8Array.from(encode({ width, height, data, channels: 3, depth: 8, ...text }));
}

/** PNG's text chunks are Latin-1; all else is escaped. */
function latin1Json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
