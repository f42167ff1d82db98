import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EvaluationFolderError } from './folder-identity.js';

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
    try {
      const file = await open(path, 'wx');
      await file.writeFile(`${process.pid}`);
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder !== process.pid && isAlive(holder)) {
      throw new EvaluationFolderError(
        `${name} is being drawn by process ${holder}. Wait for it, or delete ${path} if that process is another program.`,
      );
    }
    await rm(path, { force: true });
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
