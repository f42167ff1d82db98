import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TesseraError } from '@tessera/core';

/**
 * The values of a file of JSON lines; none where there is no such file. A last line that a stop has cut off is taken
 * away, so that what is appended next begins on a line of its own.
 *
 * @throws TesseraError with code `line-file` where another line is not JSON
 */
export async function readLines(path: string): Promise<unknown[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) await truncate(path, whole);
  const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (cause) {
      throw new TesseraError(
        'line-file',
        `Line ${i + 1} of ${path} is not JSON. Delete the file; its pictures will be drawn again.`,
        { cause },
      );
    }
  });
}

/** Adds values to such a file, a line each. Makes the folder. */
export async function appendLines(path: string, values: readonly unknown[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}
