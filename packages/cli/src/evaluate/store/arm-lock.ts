import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EvaluationFolderError } from './evaluation-folder-error.js';

/**
 * Keeps other processes from drawing the same arm. A lock whose process has ended is no lock.
 *
 * @returns what gives it free
 * @throws EvaluationFolderError where another process holds it
 */
export async function lockArm(folder: string, name: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  await mkdir(folder, { recursive: true });
  for (;;) {
    if (await placeLock(path)) return () => removeLock(path, process.pid);
    const holder = await holderOf(path);
    if (holder === undefined) continue;
    if (holder !== process.pid && isAlive(holder)) {
      throw new EvaluationFolderError(
        `${name} is being drawn by process ${holder}. Wait for it, or delete ${path} if that process is another program.`,
      );
    }
    await removeLock(path, holder);
  }
}

/**
 * Takes away the lock that a process holds or has left behind. Another process may have done the same meanwhile and placed
 * its own, which stays: a lock is moved aside first, where nobody else gets at it, and looked at there.
 */
export async function removeLock(path: string, holder: number): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // A lock that something else has written names nobody: NaN, which is not equal to itself.
  if (!Object.is(await holderOf(aside), holder)) await linkUnlessThere(aside, path);
  await rm(aside, { force: true });
}

/** False where there is a lock. It appears with its holder inside: one that was still empty would pass for a dead one's. */
async function placeLock(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`;
  await writeFile(own, `${process.pid}`);
  try {
    return await linkUnlessThere(own, path);
  } finally {
    await rm(own, { force: true });
  }
}

/** Whether `path` is that file now; false where there is one. */
async function linkUnlessThere(file: string, path: string): Promise<boolean> {
  try {
    await link(file, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** The process that a lock names; undefined where the lock was given free meanwhile. */
async function holderOf(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
