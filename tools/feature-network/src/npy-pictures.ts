import { readFile } from 'node:fs/promises';
import { type ImageRgb, TesseraError } from '@tessera/core';

/** A file is not the array of pictures that it should be. */
export class NpyFormatError extends TesseraError {
  static override readonly code = 'npy-format';
  constructor(path: string, problem: string) {
    super(
      NpyFormatError.code,
      `${path} ${problem}. Render it again: python3 -m train render, in tools/train.`,
    );
  }
}

/**
 * Reads pictures from a .npy file (format 1.0): uint8 [n, height, width, 3], rows first. They share one buffer.
 *
 * @throws NpyFormatError if it holds something else
 */
export async function readNpyPictures(path: string): Promise<ImageRgb[]> {
  const bytes = await readFile(path);
  if (bytes.subarray(0, 8).toString('latin1') !== '\x93NUMPY\x01\x00') {
    throw new NpyFormatError(path, 'is not a .npy file of format 1.0');
  }
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.subarray(10, start).toString('latin1');
  const shape = /'shape': \((\d+), (\d+), (\d+), 3\)/.exec(header);
  if (!shape || !/'descr': '[|<]u1'/.test(header) || !/'fortran_order': False/.test(header)) {
    throw new NpyFormatError(path, `holds ${header.trim()} instead of uint8 [n, height, width, 3]`);
  }
  const [count, height, width] = shape.slice(1).map(Number) as [number, number, number];
  const size = height * width * 3;
  if (bytes.length !== start + count * size) {
    throw new NpyFormatError(path, `has ${bytes.length - start} bytes of pixels instead of ${count * size}`);
  }
  return Array.from({ length: count }, (_, i) => ({
    width,
    height,
    data: bytes.subarray(start + i * size, start + (i + 1) * size),
  }));
}
