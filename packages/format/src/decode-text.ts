import { TesseraError } from '@tessera/core';

/**
 * The text of a file that a person may have saved: UTF-8, or UTF-16 where its byte order mark says so. The mark is no part of
 * the text.
 *
 * @param from where the bytes come from, for the message
 * @throws TesseraError with code `text-encoding` where they are no such text
 */
export function decodeText(bytes: Uint8Array, from: string): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TesseraError('text-encoding', `${from} is not text in UTF-8 or UTF-16. Save it as UTF-8.`, {
      cause,
    });
  }
}
