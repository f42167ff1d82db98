import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OutputExistsError } from './errors.js';

/**
 * Has a folder written that appears under its name only when complete; where writing fails nothing of it stays, and a
 * folder that was there stays as it was.
 *
 * @param overwrite whether an existing folder is replaced
 * @param write fills the folder that it is given, which lies beside
 * @throws OutputExistsError if the folder exists and is not to be replaced
 */
export async function writeOutput<T>(
  out: string,
  overwrite: boolean,
  write: (partial: string) => Promise<T>,
): Promise<T> {
  const folder = resolve(out);
  if (!overwrite && (await exists(folder))) throw new OutputExistsError(folder);
  const partial = beside(folder, 'partial');
  try {
    const result = await write(partial);
    await moveInto(partial, folder);
    return result;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** A name beside `path` that nothing has. */
export function beside(path: string, purpose: string): string {
  return `${path}.${purpose}-${randomUUID().slice(0, 8)}`;
}

/** Puts a finished folder in its place; a folder that is there goes only once the new one is there. */
async function moveInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const replaced = (await exists(to)) ? beside(to, 'replaced') : undefined;
  if (replaced) await rename(to, replaced);
  try {
    await rename(from, to);
  } catch (error) {
    if (replaced) await rename(replaced, to);
    throw error;
  }
  if (replaced) await rm(replaced, { recursive: true, force: true });
}

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
