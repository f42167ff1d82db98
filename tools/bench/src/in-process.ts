import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a built script of this tool in a process of its own, which prints a line of JSON. */
export async function inProcess<T>(script: string, args: readonly string[]): Promise<T> {
  const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const status = await new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail));
  if (status !== 0) throw new Error(`The measurement ${args.join(' ')} failed; the reason is printed above.`);
  return JSON.parse(out) as T;
}
