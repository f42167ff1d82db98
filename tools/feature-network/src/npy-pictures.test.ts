import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NpyFormatError, readNpyPictures } from './npy-pictures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-npy-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function npy(header: string, pixels: readonly number[]): Promise<string> {
  const path = join(folder, 'pictures.npy');
  const text = Buffer.from(`${header}\n`, 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  await writeFile(
    path,
    Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, text, Buffer.from(pixels)]),
  );
  return path;
}

const HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2, 3), }";

describe('readNpyPictures', () => {
  it('reads pictures row by row', async () => {
    const pixels = Array.from({ length: 12 }, (_, i) => i);
    const pictures = await readNpyPictures(await npy(HEADER, pixels));
    expect(pictures.map(({ width, height, data }) => ({ width, height, data: [...data] }))).toEqual([
      { width: 2, height: 1, data: [0, 1, 2, 3, 4, 5] },
      { width: 2, height: 1, data: [6, 7, 8, 9, 10, 11] },
    ]);
  });

  it('refuses other arrays, other formats and files that were cut short', async () => {
    const refused = async (path: string, what: RegExp) => {
      const error: unknown = await readNpyPictures(path).catch((caught) => caught);
      expect(error).toBeInstanceOf(NpyFormatError);
      expect(String(error)).toMatch(what);
    };
    await refused(await npy(HEADER.replace('|u1', '<f4'), []), /<f4/);
    await refused(await npy(HEADER.replace('False', 'True'), []), /True/);
    await refused(await npy(HEADER.replace('2, 1, 2, 3', '2, 6'), []), /\(2, 6\)/);
    await refused(await npy(HEADER, [1, 2, 3]), /3 bytes of pixels instead of 12/);
    const other = join(folder, 'other.npy');
    await writeFile(other, 'not an array');
    await refused(other, /format 1\.0/);
  });
});
