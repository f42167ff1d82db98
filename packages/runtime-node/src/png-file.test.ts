import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, expect, it } from 'vitest';
import { readPng, writePng } from './png-file.js';

const place = mkdtempSync(join(tmpdir(), 'tessera-png-'));
afterAll(() => rmSync(place, { recursive: true }));

it('reads what it wrote, and leaves nothing half-written', async () => {
  const image = { width: 5, height: 3, data: Uint8Array.from({ length: 45 }, (_, i) => i * 5) };
  await writePng(join(place, 'a.png'), image);
  expect(await readPng(join(place, 'a.png'))).toEqual(image);
  expect(readdirSync(place)).toEqual(['a.png']);
});

it('reads grey, transparent and 16-bit pictures as RGB', async () => {
  const write = (name: string, data: Parameters<typeof encode>[0]) => {
    writeFileSync(join(place, name), encode(data));
    return readPng(join(place, name));
  };
  const grey = await write('grey.png', {
    width: 2,
    height: 1,
    channels: 1,
    depth: 8,
    data: Uint8Array.of(7, 9),
  });
  expect([...grey.data]).toEqual([7, 7, 7, 9, 9, 9]);
  const rgba = await write('rgba.png', {
    width: 1,
    height: 1,
    channels: 4,
    depth: 8,
    data: Uint8Array.of(1, 2, 3, 4),
  });
  expect([...rgba.data]).toEqual([1, 2, 3]);
  const deep = await write('deep.png', {
    width: 1,
    height: 1,
    channels: 3,
    depth: 16,
    data: Uint16Array.of(0x0102, 0xff00, 0x80ff),
  });
  expect([...deep.data]).toEqual([1, 255, 128]);
});

/** A PNG that is given by its header's last five bytes (depth, colour, …) and its rows with their filters; no checksums. */
function rawPng(
  [width, height]: readonly [number, number],
  kind: readonly number[],
  rows: readonly number[],
  palette: readonly number[] = [],
): Buffer {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(kind, 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(palette.length > 0 ? [chunk('PLTE', Uint8Array.from(palette))] : []),
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', new Uint8Array()),
  ]);
}

it.each([
  [1, [0, 0b10110000, 0, 0b01000000], [255, 0, 255, 0, 255, 0]],
  [2, [0, 0b00011000, 0, 0b11000100], [0, 85, 170, 255, 0, 85]],
  [4, [0, 0x0f, 0x10, 0, 0x80, 0xe0], [0, 255, 17, 136, 0, 238]],
])('unpacks grey samples of %i bits and stretches them', async (depth, rows, grey) => {
  writeFileSync(join(place, 'packed.png'), rawPng([3, 2], [depth, 0, 0, 0, 0], rows));
  const { data } = await readPng(join(place, 'packed.png'));
  expect([...data]).toEqual(grey.flatMap((value) => [value, value, value]));
});

it('heeds a palette where pixels are numbers of its colours, and there only', async () => {
  const colours = [1, 2, 3, 4, 5, 6];
  writeFileSync(join(place, 'indexed.png'), rawPng([2, 1], [1, 3, 0, 0, 0], [0, 0b01000000], colours));
  expect([...(await readPng(join(place, 'indexed.png'))).data]).toEqual(colours);
  writeFileSync(join(place, 'full.png'), rawPng([1, 1], [8, 2, 0, 0, 0], [0, 7, 8, 9], colours));
  expect([...(await readPng(join(place, 'full.png'))).data]).toEqual([7, 8, 9]);
});

it('names a file that is no PNG, is cut off, or is packed and interlaced', async () => {
  const path = join(place, 'wrong.png');
  const whole = rawPng([9, 9], [1, 0, 0, 0, 1], Array(200).fill(0));
  for (const [bytes, words] of [
    [Buffer.from('GIF89a'), 'not a PNG'],
    [whole.subarray(0, 40), 'damaged'],
    [whole, 'interlaced'],
  ] as const) {
    writeFileSync(path, bytes);
    const failure = await readPng(path).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'png-file', message: expect.stringContaining(words) });
    expect((failure as Error).message).toContain(path);
    if (words !== 'not a PNG') expect((failure as Error).cause).toBeInstanceOf(Error);
  }
});
