import { readFile } from 'node:fs/promises';
import type { ImageRgb } from '@tessera/core';
import { pngBytes, readPngBytes } from '@tessera/recipe/png';
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
