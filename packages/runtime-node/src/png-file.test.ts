import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
