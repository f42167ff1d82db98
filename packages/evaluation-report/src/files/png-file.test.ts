import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { readPng, writePng } from './png-file.js';

const image = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };

test('a picture and its recipe come back as they were written', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'new', 'picture.png');
  await writePng(path, image, { name: 'café → “x”', nested: [1] });
  const read = await readPng(path);
  expect(read.image).toEqual(image);
  expect(JSON.parse(read.recipe!)).toEqual({ name: 'café → “x”', nested: [1] });
  expect(await readdir(join(folder, 'new'))).toEqual(['picture.png']);
});

test('a picture without a recipe has none, and what is no picture is refused', async () => {
  const folder = await temporaryFolder();
  await writePng(join(folder, 'plain.png'), image);
  expect(await readPng(join(folder, 'plain.png'))).toEqual({ image });
  await writeFile(join(folder, 'text.png'), 'hello');
  await expect(readPng(join(folder, 'text.png'))).rejects.toMatchObject({ code: 'png-file' });
});
