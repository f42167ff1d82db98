import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';

/** What a process that was killed had written of an output. It is gone now. */
export interface Leftover {
  /** Its files, with forward slashes. */
  readonly files: readonly string[];
}

/** A name beside `path` that nothing has, and that tells whether the process that gave it still runs. */
export function beside(path: string, purpose: 'partial' | 'replaced'): string {
  return `${path}.${purpose}-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
}

/**
 * Clears away what killed processes left beside a folder: parts of it, and the folder that they were about to replace,
 * which gets its name back if nothing has it now. What another machine wrote stays, for it may be running there.
 */
export async function clearLeftovers(folder: string): Promise<Leftover[]> {
  const parent = dirname(folder);
  const names: string[] = await readdir(parent).catch(() => []);
  const leftovers: Leftover[] = [];
  for (const purpose of ['replaced', 'partial'] as const) {
    const start = `${basename(folder)}.${purpose}-${hostname()}-`;
    for (const name of names.filter((each) => each.startsWith(start))) {
      const pid = /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(start.length))?.[1];
      if (pid === undefined || isRunning(Number(pid))) continue;
      const path = join(parent, name);
      if (purpose === 'replaced' && !names.includes(basename(folder))) {
        await rename(path, folder);
        continue;
      }
      if (purpose === 'partial') leftovers.push({ files: await filesIn(path) });
      await rm(path, { recursive: true, force: true });
    }
  }
  return leftovers;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
