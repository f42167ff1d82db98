import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs a built script of this tool in a process of its own, which prints a line of JSON.
 *
 * @returns undefined where it took longer than `limit` seconds
 */
export async function inProcess<T>(
  script: string,
  args: readonly string[],
  limit = Number.POSITIVE_INFINITY,
): Promise<T | undefined> {
  const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const timer = Number.isFinite(limit) ? setTimeout(() => child.kill('SIGKILL'), limit * 1000) : undefined;
  const [status, signal] = await new Promise<[number | null, string | null]>((done, fail) =>
    child.on('close', (code, killed) => done([code, killed])).on('error', fail),
  );
  clearTimeout(timer);
  if (signal === 'SIGKILL') return undefined;
  if (status !== 0) throw new Error(`The measurement ${args.join(' ')} failed; the reason is printed above.`);
  return JSON.parse(out) as T;
}
