import { createReadStream } from 'node:fs';
import { appendFile, mkdir, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TesseraError } from '@tessera/core';

const NEWLINE = 0x0a;

/**
 * The values of a file of JSON lines; none where there is no such file. A last line that a stop has cut off is taken
 * away, so that what is appended next begins on a line of its own. The file may be longer than a string can be.
 *
 * @throws TesseraError with code `line-file` where another line is not JSON
 */
export async function readLines(path: string): Promise<unknown[]> {
  const values: unknown[] = [];
  /** Of the line that goes on in the next piece of the file. */
  let begun: Buffer[] = [];
  let whole = 0;
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        const line = Buffer.concat([...begun, piece.subarray(start, end)]);
        values.push(parsedLine(line.toString('utf8'), values.length + 1, path));
        whole += line.length + 1;
        begun = [];
        start = end + 1;
      }
      if (start < piece.length) begun.push(piece.subarray(start));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  if (begun.length > 0) await truncate(path, whole);
  return values;
}

function parsedLine(line: string, number: number, path: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw new TesseraError(
      'line-file',
      `Line ${number} of ${path} is not JSON. Delete the file; its pictures will be drawn again.`,
      { cause },
    );
  }
}

/** Adds values to such a file, a line each. Makes the folder. */
export async function appendLines(path: string, values: readonly unknown[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}
