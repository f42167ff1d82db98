import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const start = promisify(execFile);

/** A package registry on this machine. */
export interface PackedRegistry {
  /** For `@scope:registry=` of an `.npmrc`. */
  readonly address: string;
  close(): Promise<void>;
}

interface Packed {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly file: string;
  readonly tarball: Buffer;
}

/**
 * Packs packages of the workspace as they would be published, and serves the tarballs as a registry does: so a project
 * can name them by version, and gets what a user would.
 *
 * @param folders e.g. `packages/core`; built
 */
export async function packedRegistry(folders: readonly string[]): Promise<PackedRegistry> {
  const place = await mkdtemp(join(tmpdir(), 'tessera-packed-'));
  const packages = new Map<string, Packed>();
  try {
    const pnpm = resolve('node_modules/pnpm/bin/pnpm.cjs');
    for (const cwd of folders) {
      await start(process.execPath, [pnpm, 'pack', '--pack-destination', place], { cwd });
    }
    for (const file of await readdir(place)) {
      const path = join(place, file);
      const { stdout } = await start('tar', ['-xzOf', path, 'package/package.json']);
      const manifest = JSON.parse(stdout) as Packed['manifest'];
      packages.set(manifest.name, { manifest, file, tarball: await readFile(path) });
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }

  // In the address, so that nothing is taken for what an earlier run of the tests served at the same port.
  const hash = createHash('sha256');
  for (const { tarball } of packages.values()) hash.update(tarball);
  const prefix = `/${hash.digest('hex').slice(0, 16)}/`;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!).replace(prefix, '');
    response.setHeader('cache-control', 'no-store');
    const asked = packages.get(path);
    if (asked) {
      const address = `http://${request.headers.host}${prefix}${asked.file}`;
      return response.end(JSON.stringify(packument(asked, address)));
    }
    const packed = [...packages.values()].find(({ file }) => file === path);
    return packed ? response.end(packed.tarball) : response.writeHead(404).end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** What a registry says of a package. */
function packument({ manifest, tarball }: Packed, address: string) {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: address, integrity } } },
  };
}
