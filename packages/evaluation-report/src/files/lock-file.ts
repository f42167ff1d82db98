import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { TesseraError } from '@tessera/core';

/** Another process is at what a lock stands for. */
export class LockedError extends TesseraError {
  static override readonly code = 'locked';
  readonly path: string;

  constructor(what: string, path: string, { pid, host }: Holder) {
    const who = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
    super(
      LockedError.code,
      `${what} by ${who}. Wait for it, or delete ${path} if that process has ended or is another program.`,
    );
    this.path = path;
  }
}

/** The process that a lock names. */
interface Holder {
  /** NaN where the lock names none. */
  readonly pid: number;
  readonly host: string;
}

/**
 * Keeps other processes from what a file stands for. A lock whose process has ended is no lock; of a process of another
 * machine, which can write to the same folder, that is not known.
 *
 * @param path of the lock; its folder is made
 * @param what is being done there, as it stands before "by process 123"
 * @returns what gives it free
 * @throws LockedError where another process holds it
 */
export async function takeLock(path: string, what: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const own = `${process.pid} ${hostname()} ${randomUUID()}`;
  for (;;) {
    if (await placeLock(path, own)) return () => removeLock(path, own);
    const found = await contentOf(path);
    if (found === undefined) continue;
    const holder = holderIn(found);
    if (isHeld(holder)) throw new LockedError(what, path, holder);
    await removeLock(path, found);
  }
}

/**
 * Takes away the lock that holds `content`, which is one's own or was left behind. Another process may have done the same
 * meanwhile and placed its own, which stays: a lock is moved aside first, where nobody else gets at it, and looked at there.
 */
export async function removeLock(path: string, content: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await contentOf(aside)) !== content) await linkUnlessThere(aside, path);
  await rm(aside, { force: true });
}

/** False where there is a lock. It appears with its holder inside: one that was still empty would pass for a dead one's. */
async function placeLock(path: string, content: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, content);
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

/** Undefined where the lock was given free meanwhile. */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Locks of before hold a process's number alone. */
function holderIn(content: string): Holder {
  const [pid, host = hostname()] = content.split(' ');
  return { pid: Number(pid), host };
}

function isHeld({ pid, host }: Holder): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (host !== hostname()) return true;
  // One's own number was another process's before.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
