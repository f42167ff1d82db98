import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ImageRgb } from '@tessera/core';
import { convertIndexedToRgb, decode, encode } from 'fast-png';

/** Writes an 8-bit RGB PNG, beside first, then renamed: the file is there whole or not at all. */
export async function writePng(path: string, { width, height, data }: ImageRgb): Promise<void> {
  const partial = `${path}.part`;
  await writeFile(partial, encode({ width, height, data, channels: 3, depth: 8 }));
  await rename(partial, path);
}

/** Reads any PNG as 8-bit RGB: grey is repeated, alpha is dropped, 16 bits are cut to 8. */
export async function readPng(path: string): Promise<ImageRgb> {
  const png = decode(await readFile(path));
  const { width, height } = png;
  const samples = png.palette ? convertIndexedToRgb(png) : png.data;
  const channels = samples.length / (width * height);
  const shift = png.depth === 16 ? 8 : 0;
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) {
      data[pixel * 3 + c] = samples[pixel * channels + (channels < 3 ? 0 : c)]! >> shift;
    }
  }
  return { width, height, data };
}
