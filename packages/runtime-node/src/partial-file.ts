import { readdir, rename, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** Names of partial files end with their writer's, so that no two write the same one. */
const WRITER = `${hostname()}-${process.pid}-${threadId}`;

/** Where this thread alone writes what will be `target`, until it is whole. */
export function partOf(target: string): string {
  return `${target}.part-${WRITER}`;
}

/**
 * Takes over what a download of `target` that broke off has left, to go on from there. What a running process writes
 * stays its own, as does what another machine wrote, which may be running.
 *
 * @returns bytes that are there now at {@link partOf}
 */
export async function takeOverPart(target: string): Promise<number> {
  const folder = dirname(target);
  const own = partOf(target);
  for (const name of await readdir(folder).catch(() => [])) {
    // To rename is to own: of several processes that try it, one succeeds.
    if (isAbandoned(name, basename(target))) await rename(join(folder, name), own).catch(() => undefined);
  }
  return stat(own).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Leaves what has arrived to whoever downloads `target` next. */
export async function leavePart(target: string): Promise<void> {
  await rename(partOf(target), `${target}.part`).catch(() => undefined);
}

/** Whether a file is part of `target` and nobody's: left behind, or its writer has ended. */
function isAbandoned(name: string, target: string): boolean {
  if (name === `${target}.part`) return true;
  const start = `${target}.part-${hostname()}-`;
  const writer = name.startsWith(start) ? /^(\d+)-\d+$/.exec(name.slice(start.length)) : null;
  return writer !== null && !isRunning(Number(writer[1]));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process must not be asked, but is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
