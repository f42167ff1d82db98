import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createServer, preview } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Site {
  /** With a slash at its end. */
  readonly address: string;
  close(): Promise<void>;
}

export interface BuiltSite extends Site {
  /** Where the built files lie. */
  readonly folder: string;
}

/** The site as a static host has it: `vite build`, then `vite preview`. */
export async function builtSite(): Promise<BuiltSite> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-site-'));
  // A process of its own: the tests' NODE_ENV would make it a build for development.
  const { NODE_ENV: _, ...env } = process.env;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const options = ['build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, [vite, ...options], { cwd: root, env });
  const server = await preview({ root, logLevel: 'error', build: { outDir: folder }, preview: { port: 0 } });
  return {
    folder,
    address: server.resolvedUrls!.local[0]!,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The site as `npm run playground` serves it. */
export async function developmentSite(): Promise<Site> {
  const server = await createServer({ root, logLevel: 'error', server: { port: 0 } });
  await server.listen();
  return { address: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
