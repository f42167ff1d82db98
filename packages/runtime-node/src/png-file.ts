import { readFile, rename, writeFile } from 'node:fs/promises';
import { type ImageRgb, TesseraError } from '@tessera/core';
import { convertIndexedToRgb, type DecodedPng, decode, encode, hasPngSignature } from 'fast-png';

/** Writes an 8-bit RGB PNG, beside first, then renamed: the file is there whole or not at all. */
export async function writePng(path: string, { width, height, data }: ImageRgb): Promise<void> {
  const partial = `${path}.part`;
  await writeFile(partial, encode({ width, height, data, channels: 3, depth: 8 }));
  await rename(partial, path);
}

/**
 * Reads any PNG as 8-bit RGB: grey is repeated, alpha is dropped, 16 bits are cut to 8, fewer are stretched to 8.
 *
 * @throws TesseraError with code `png-file` where the file is no PNG, or is damaged
 */
export async function readPng(path: string): Promise<ImageRgb> {
  const bytes = await readFile(path);
  if (!hasPngSignature(bytes)) throw new TesseraError('png-file', `${path} is not a PNG picture.`);
  try {
    return rgb(decode(bytes));
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new TesseraError(
      'png-file',
      `${path} can't be read (${words}): it is damaged, or of a rare kind. Save it again as 8-bit RGB.`,
      { cause },
    );
  }
}

function rgb(png: DecodedPng): ImageRgb {
  const { width, height } = png;
  const samples = samplesOf(png);
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

/** [height, width, channels], of 8 or 16 bits. A picture in full colour may have a palette too, which is only advice. */
function samplesOf(png: DecodedPng): ArrayLike<number> {
  if (png.channels > 1) return png.data;
  if (png.palette) return convertIndexedToRgb(png);
  return png.depth < 8 ? unpacked(png) : png.data;
}

/** Grey samples of 1, 2 or 4 bits, which lie packed in bytes, the first in the highest bits, each row from a new byte. */
function unpacked({ width, height, depth, data }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  if (data.length !== rowBytes * height) {
    throw new RangeError(`${data.length} bytes where ${rowBytes * height} were expected; is it interlaced?`);
  }
  const white = 2 ** depth - 1;
  const samples = new Uint8Array(width * height);
  for (let pixel = 0; pixel < samples.length; pixel++) {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * rowBytes + (bit >> 3)]!;
    samples[pixel] = (((byte >> (8 - depth - (bit & 7))) & white) * 255) / white;
  }
  return samples;
}
