import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { TesseraError } from '@tessera/core';
import { decodeText, parseModelSource } from '@tessera/format';
import { UsageError } from './usage-error.js';

/** Why a file can't be read, in words. */
function readFailure(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'permission is denied' : message;
}

/** @throws UsageError that says why a file can't be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${path} can't be read: ${readFailure(cause)}. Check the path.`);
  });
}

/**
 * Reads a text in UTF-8 or UTF-16.
 *
 * @throws UsageError if it can't be read; TesseraError of code `text-encoding` if it is neither
 */
export async function readText(path: string): Promise<string> {
  return decodeText(await readBytes(path), path);
}

/** @throws TesseraError of code `model-folder` if a model is to be on the disk and there is nothing; InvalidOptionError */
export function assertModelSource(location: string): void {
  if (parseModelSource(location).kind !== 'path' || existsSync(location)) return;
  throw new TesseraError(
    'model-folder',
    `There is no model folder ${location}. Name one, or leave it out for the embedded model.`,
  );
}

/** @throws TesseraError of code `model-folder` if there is no folder */
export function assertModelFolder(location: string): void {
  assertModelSource(location);
  if (!statSync(location).isDirectory()) {
    throw new TesseraError(
      'model-folder',
      `${location} is a file, and a model is a folder. tessera convert makes one of a checkpoint.`,
    );
  }
}
