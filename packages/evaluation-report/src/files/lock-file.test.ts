import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { removeLock, takeLock } from './lock-file.js';

const take = (folder: string) => takeLock(join(folder, 'lock'), 'mar is being drawn');

test('a lock names process and machine from the moment that it is there', async () => {
  const folder = await temporaryFolder();
  const found = new Set<string>();
  let locking = true;
  const watching = (async () => {
    while (locking) {
      const content = await readFile(join(folder, 'lock'), 'utf8').catch(() => 'no lock');
      found.add(content.replace(/ [\da-f-]{36}$/, ''));
    }
  })();
  for (let time = 0; time < 300; time++) await (await take(folder))();
  locking = false;
  await watching;
  expect([...found].sort()).toEqual([`${process.pid} ${hostname()}`, 'no lock']);
  expect(await readdir(folder)).toEqual([]);
});

test('a lock that another process has placed meanwhile stays, be it taken for a dead one’s or one’s own', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const release = await take(folder);
  await writeFile(path, `${process.ppid}`);
  await removeLock(path, '99999999');
  await release();
  expect(await readdir(folder)).toEqual(['lock']);
  expect(await readFile(path, 'utf8')).toBe(`${process.ppid}`);
  await expect(take(folder)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(`mar is being drawn by process ${process.ppid}. Wait for it`),
  });
});

test.each(['99999999', `99999999 ${hostname()} 1`, `${process.pid} ${hostname()} 1`, 'not a process', ''])(
  'a lock that holds %j is none',
  async (content) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'lock'), content);
    await (await take(folder))();
    expect(await readdir(folder)).toEqual([]);
  },
);

test('a process of another machine counts, though there is none of its number here', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'lock'), '99999999 elsewhere 1');
  await expect(take(folder)).rejects.toThrow('mar is being drawn by process 99999999 on elsewhere.');
});
