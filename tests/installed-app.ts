import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const start = promisify(execFile);
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Packages from outside could not be fetched: there is no network here. */
export class RegistryUnreachableError extends Error {}

/** A copy of an example app in a folder of its own, installed as a user would. */
export interface InstalledApp {
  readonly folder: string;
  /** `npm run build`. */
  build(): Promise<void>;
  /**
   * Starts a server of the app on a free port.
   *
   * @param script path below `node_modules`, and its arguments before the port
   * @returns its address, with a slash at its end, once it answers
   */
  serve(script: string, ...given: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Copies an app to a folder outside the workspace and installs it with npm.
 *
 * @param registry where the scope `@tessera` comes from
 * @throws RegistryUnreachableError
 */
export async function installApp(source: string, registry: string): Promise<InstalledApp> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tessera-app-')));
  // The tests' NODE_ENV would make a build for development.
  const { NODE_ENV: _, ...inherited } = process.env;
  const options = { cwd: folder, env: { ...inherited, NEXT_TELEMETRY_DISABLED: '1' }, maxBuffer: 2 ** 24 };
  const shell = process.platform === 'win32';
  let server: ChildProcess | undefined;
  const remove = async (): Promise<void> => {
    server?.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  await cp(source, folder, { recursive: true, filter: (path) => !isMade(path) });
  await writeFile(join(folder, '.npmrc'), `@tessera:registry=${registry}\n`);
  try {
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
    await start(npm, ['install', ...quiet], { ...options, shell });
  } catch (error) {
    await remove();
    // What npm says where it can't reach a registry depends on what it has in its cache.
    await start(npm, ['view', 'vite', 'version', '--prefer-online', '--fetch-retries=0'], { shell }).catch(
      (cause: unknown) => {
        throw new RegistryUnreachableError('The package registry can not be reached.', { cause });
      },
    );
    throw error;
  }

  return {
    folder,
    remove,
    async build() {
      await start(npm, ['run', 'build'], { ...options, shell });
    },
    async serve(script, ...given) {
      const port = await freePort();
      const address = `http://localhost:${port}/`;
      const command = [join('node_modules', script), ...given, '--port', String(port)];
      server = spawn(process.execPath, command, { ...options, stdio: 'ignore' });
      for (;;) {
        if (server.exitCode !== null) throw new Error(`${script} ended with ${server.exitCode}.`);
        const answer = await fetch(address).catch(() => undefined);
        if (answer?.ok) return address;
        await new Promise((next) => setTimeout(next, 100));
      }
    },
  };
}

/** Left behind by those who tried the app where it lies. */
function isMade(path: string): boolean {
  return ['node_modules', 'dist', '.next', 'public', 'package-lock.json'].includes(basename(path));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
