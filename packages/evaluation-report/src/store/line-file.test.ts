import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { appendLines, readLines } from './line-file.js';

test('what was appended is read again, in its order', async () => {
  const path = join(await temporaryFolder(), 'below', 'lines.jsonl');
  expect(await readLines(path)).toEqual([]);
  await appendLines(path, [{ index: 1 }, 'two']);
  await appendLines(path, [[3, null]]);
  expect(await readLines(path)).toEqual([{ index: 1 }, 'two', [3, null]]);
});

test('lines are read whole that are longer than a piece of the file', async () => {
  const path = join(await temporaryFolder(), 'lines.jsonl');
  const values = [70_000, 65_533, 1, 200_000].map((length) => 'é'.repeat(length));
  await appendLines(path, values);
  await appendFile(path, 'x'.repeat(100_000));
  expect(await readLines(path)).toEqual(values);
  expect(
    (await readFile(path, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  ).toEqual(values);
});

test('a line that a stop has cut off is dropped, and the next one begins on its own', async () => {
  const path = join(await temporaryFolder(), 'lines.jsonl');
  await appendLines(path, [1, 2]);
  await appendFile(path, '{"index":3,"featu');
  expect(await readLines(path)).toEqual([1, 2]);
  await appendLines(path, [4]);
  expect(await readFile(path, 'utf8')).toBe('1\n2\n4\n');
});

test('a file that is something else is an error that says what to do', async () => {
  const path = join(await temporaryFolder(), 'lines.jsonl');
  await writeFile(path, 'not JSON\n');
  await expect(readLines(path)).rejects.toThrow(/Line 1 of .* is not JSON\. Delete the file/);
});
