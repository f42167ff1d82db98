import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { lockArm, removeLock } from './arm-lock.js';

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

test('a lock that another process has placed meanwhile stays, be it taken for a dead one’s or one’s own', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const release = await lockArm(folder, 'mar');
  await writeFile(path, `${process.ppid}`);
  await removeLock(path, 99_999_999);
  await release();
  expect(await readdir(folder)).toEqual(['lock']);
  expect(await readFile(path, 'utf8')).toBe(`${process.ppid}`);
  await expect(lockArm(folder, 'mar')).rejects.toThrow(`is being drawn by process ${process.ppid}`);
});

test.each(['99999999', 'not a process'])('a lock that holds %j is none', async (content) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'lock'), content);
  await (await lockArm(folder, 'mar'))();
  expect(await readdir(folder)).toEqual([]);
});
