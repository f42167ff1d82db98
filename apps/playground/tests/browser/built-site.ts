import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
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

/** Builds the site into a temporary folder, and serves it as a static host does: `vite build`, then `vite preview`. */
export async function builtSite(): Promise<BuiltSite> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-site-'));
  // A process of its own: the tests' NODE_ENV would make it a build for development.
  const { NODE_ENV: _, ...env } = process.env;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const options = ['build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, [vite, ...options], { cwd: root, env });
  return servedSite(folder);
}

/** A copy of a built site, for a test that changes its files. */
export async function copiedSite(built: string): Promise<BuiltSite> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-site-'));
  await cp(built, folder, { recursive: true });
  return servedSite(folder);
}

/** Serves a built site; closing it removes the folder. */
async function servedSite(folder: string): Promise<BuiltSite> {
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
