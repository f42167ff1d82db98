import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readPng, writePng } from './png-file.js';

const place = mkdtempSync(join(tmpdir(), 'tessera-png-'));
afterAll(() => rmSync(place, { recursive: true }));

const image = { width: 5, height: 3, data: Uint8Array.from({ length: 45 }, (_, i) => i * 5) };

it('reads what it wrote, and leaves nothing half-written', async () => {
  await writePng(join(place, 'a.png'), image);
  expect(await readPng(join(place, 'a.png'))).toEqual(image);
  await expect(writePng(place, image)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(readdirSync(place)).toEqual(['a.png']);
});

it('names a file that is not there or is no PNG', async () => {
  const path = join(place, 'wrong.png');
  const refused = { code: 'png-file', message: expect.stringContaining(path) };
  await expect(readPng(path)).rejects.toMatchObject({ ...refused, cause: { code: 'ENOENT' } });
  writeFileSync(path, 'GIF89a');
  await expect(readPng(path)).rejects.toMatchObject(refused);
});
