import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { lockArm } from './arm-lock.js';

test('a lock holds its process from the moment that it is there', async () => {
  const folder = await temporaryFolder();
  const found = new Set<string>();
  let locking = true;
  const watching = (async () => {
    while (locking) found.add(await readFile(join(folder, 'lock'), 'utf8').catch(() => 'no lock'));
  })();
  for (let time = 0; time < 300; time++) await (await lockArm(folder, 'mar'))();
  locking = false;
  await watching;
  expect([...found].sort()).toEqual([`${process.pid}`, 'no lock']);
  expect(await readdir(folder)).toEqual([]);
});
