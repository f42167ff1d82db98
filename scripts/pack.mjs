// Packs the packages for projects on this machine, and says how to install them there.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Packs every package as it would be published, but for one thing: a package names the others of this project by the
 * path of their tarballs. So a package manager finds them although no registry has them. The tarballs are named for their
 * packages: `core.tgz` is `@tessera/core`.
 *
 * @param folder is emptied first
 * @returns the tarballs' names
 */
export function packPackages(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const place = mkdtempSync(join(tmpdir(), 'tessera-pack-'));
  try {
    const pnpm = resolve('node_modules/pnpm/bin/pnpm.cjs');
    must(process.execPath, [pnpm, '-r', '--filter', './packages/*', 'pack', '--pack-destination', place]);
    for (const file of readdirSync(place)) {
      const unpacked = mkdtempSync(join(place, 'unpacked-'));
      must('tar', ['-xzf', join(place, file), '-C', unpacked]);
      const path = join(unpacked, 'package', 'package.json');
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      for (const name of Object.keys(manifest.dependencies ?? {})) {
        if (name.startsWith('@tessera/')) manifest.dependencies[name] = `file:${tarball(folder, name)}`;
      }
      writeFileSync(path, JSON.stringify(manifest, undefined, 2));
      must('tar', ['-czf', tarball(folder, manifest.name), '-C', unpacked, 'package']);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return readdirSync(folder);
}

/** The commands that install what {@link packPackages} put into `folder`, in a project anywhere on this machine. */
export function installCommands(folder) {
  const [all, cli] = ['tessera', '@tessera/cli'].map((name) => quoted(tarball(folder, name)));
  const single = ['core', 'gtr', 'model-tiny', 'runtime-node'].map((name) => quoted(tarball(folder, name)));
  return {
    npm: `npm install --ignore-scripts ${all}`,
    pnpm: `pnpm add ${all}`,
    yarn: `yarn add ${quoted(`tessera@file:${tarball(folder, 'tessera')}`)}`,
    'single packages': `npm install --ignore-scripts ${single.join(' ')} onnxruntime-node`,
    'the command': `npm install --ignore-scripts ${cli}`,
  };
}

/** With slashes, which package managers take on Windows too. */
function tarball(folder, name) {
  return join(resolve(folder), `${name.replace('@tessera/', '')}.tgz`).replaceAll('\\', '/');
}

function quoted(path) {
  return /^[\w@%+:,./-]+$/.test(path) ? path : `"${path}"`;
}

function must(file, options) {
  // pnpm lists every file of every package on stdout.
  const { status, error } = spawnSync(file, options, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw error ?? new Error(`"${[file, ...options].join(' ')}" ended with ${status}.`);
}
