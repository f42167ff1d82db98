import { type ImageRgb, TesseraError } from '@tessera/core';
import { decode, encode, hasPngSignature } from 'fast-png';

/** The PNG keyword under which a picture carries its recipe. */
const KEYWORD = 'tessera';

/** A picture as the bytes of a PNG file; `recipe`, JSON, goes into it as a text chunk. */
export function pngBytes({ width, height, data }: ImageRgb, recipe?: unknown): Uint8Array<ArrayBuffer> {
  const text = recipe === undefined ? {} : { text: { [KEYWORD]: latin1Json(recipe) } };
  return Uint8Array.from(encode({ width, height, data, channels: 3, depth: 8, ...text }));
}

/**
 * Reads a picture that {@link pngBytes} has made.
 *
 * @param from where the bytes come from, for messages
 * @returns the picture and the JSON text of its recipe, where it carries one
 * @throws TesseraError with code `png-file` where they are not such a picture, or not all of one
 */
export function readPngBytes(bytes: Uint8Array, from: string): { image: ImageRgb; recipe?: string } {
  if (!hasPngSignature(bytes)) throw new TesseraError('png-file', `${from} is not a PNG picture.`);
  const { width, height, data, depth, channels, text } = decoded(bytes, from);
  if (depth !== 8 || channels !== 3) {
    throw new TesseraError(
      'png-file',
      `${from} is not an 8-bit RGB picture, as tessera writes them. Save it again as one, without transparency.`,
    );
  }
  const recipe = text[KEYWORD];
  const image = { width, height, data: Uint8Array.from(data) };
  return recipe === undefined ? { image } : { image, recipe };
}

function decoded(bytes: Uint8Array, from: string): ReturnType<typeof decode> {
  try {
    return decode(bytes);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new TesseraError(
      'png-file',
      `${from} is cut off or damaged (${words}). Delete it, or put a whole copy in its place.`,
      { cause },
    );
  }
}

/** PNG's text chunks are Latin-1; all else is escaped. */
function latin1Json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
