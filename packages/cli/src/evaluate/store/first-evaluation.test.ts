import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { changesSinceFirst } from './first-evaluation.js';

const FIRST = { n: 240, margins: { frechet: null, kid: null } };

test('nothing has changed in the first evaluation, nor in one that is set the same', async () => {
  const folder = await temporaryFolder();
  expect(await changesSinceFirst(folder, 'one', FIRST)).toEqual([]);
  expect(await changesSinceFirst(folder, 'one', FIRST)).toEqual([]);
});

test('what differs from the first evaluation is told however many came between', async () => {
  const folder = await temporaryFolder();
  await changesSinceFirst(folder, 'one', FIRST);
  const changed = { n: 1200, margins: { frechet: 0.5, kid: null } };
  for (let again = 0; again < 2; again++) {
    expect(await changesSinceFirst(folder, 'one', changed)).toEqual([
      'n: 240 → 1200',
      'margin in Fréchet distance: from the floors → 0.5',
    ]);
  }
  expect(await changesSinceFirst(folder, 'one', FIRST)).toEqual([]);
});

test('each network has margins of its own', async () => {
  const folder = await temporaryFolder();
  await changesSinceFirst(folder, 'one', FIRST);
  expect(await changesSinceFirst(folder, 'other', { n: 240, margins: { frechet: 20, kid: 1 } })).toEqual([]);
});

test('a record that can’t be read is an error, and is left as it is', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'first-one.json'), '{}');
  await expect(changesSinceFirst(folder, 'one', FIRST)).rejects.toMatchObject({ code: 'evaluation-folder' });
  expect(await readdir(folder)).toEqual(['first-one.json']);
});
