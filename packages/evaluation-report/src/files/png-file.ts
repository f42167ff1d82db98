import { open, readFile } from 'node:fs/promises';
import type { ImageRgb } from '@tessera/core';
import { pngBytes, readPngBytes } from '@tessera/format/png';
import { writeWhole } from './written-file.js';

/** Writes a picture whole or not at all, with its recipe inside, if it has one. */
export async function writePng(path: string, image: ImageRgb, recipe?: unknown): Promise<void> {
  await writeWhole(path, pngBytes(image, recipe));
}

/**
 * Reads a picture that {@link writePng} has written.
 *
 * @returns the picture and the JSON text of its recipe, where it carries one
 * @throws TesseraError with code `png-file` where the file is not such a picture
 */
export async function readPng(path: string): Promise<{ image: ImageRgb; recipe?: string }> {
  return readPngBytes(await readFile(path), path);
}

/** Signature, and the header up to depth and colour type. */
const BEGINNING = 26;
const SIGNATURE = '89504e470d0a1a0a';
const TRUECOLOUR = 2;

/** Whether a file begins as an 8-bit RGB PNG does; no more of it is read. */
export async function isRgbPng(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    return (
      bytesRead === BEGINNING &&
      buffer.toString('hex', 0, 8) === SIGNATURE &&
      buffer[24] === 8 &&
      buffer[25] === TRUECOLOUR
    );
  } finally {
    await file.close();
  }
}
