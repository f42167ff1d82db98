import { exec, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installCommands, packPackages } from '../scripts/pack.mjs';
import { describeSlow } from './support/browser.js';

const shell = promisify(exec);
const start = promisify(execFile);

/** The ten lines, as the README shows them. */
const tenLines = async () => (await readFile('examples/first-picture.js', 'utf8')).replace(/^\/\/.*\n/, '');

/** The same by the packages that it is made of. */
const bySinglePackages = (code: string) =>
  code.replace(
    /^import .* from 'tessera';$/m,
    `import { generateImages } from '@tessera/core';
import { gtr } from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, writePng } from '@tessera/runtime-node';`,
  );

/** What a user has on the PATH. */
const MANAGERS: Readonly<Record<string, string>> = {
  npm: 'npm',
  pnpm: `"${process.execPath}" "${resolve('node_modules/pnpm/bin/pnpm.cjs')}"`,
  yarn: 'npx --yes @yarnpkg/cli-dist@4.18.1',
};

let packages: string;
let commands: ReturnType<typeof installCommands>;

/** Runs an install command in an empty folder, then what uses what it installed. */
async function installed(
  command: string,
  use: (folder: string) => Promise<void>,
  skip: (why: string) => void,
) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tessera-user-')));
  const env = { ...process.env, YARN_COMPRESSION_LEVEL: '0', YARN_ENABLE_TELEMETRY: '0' };
  try {
    await shell('npm init -y', { cwd: folder });
    await writeFile(join(folder, '.yarnrc.yml'), 'nodeLinker: node-modules\n');
    await writeFile(join(folder, 'yarn.lock'), '');
    const [manager] = command.split(' ');
    try {
      await shell(command.replace(manager!, MANAGERS[manager!]!), { cwd: folder, env, maxBuffer: 2 ** 24 });
    } catch (error) {
      const reachable = await shell('npm view vite version --prefer-online --fetch-retries=0').catch(
        () => null,
      );
      if (reachable || process.env.CI) throw error;
      return skip('Not tested, for want of a package registry.');
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function drawsCat(folder: string, code: string): Promise<void> {
  await writeFile(join(folder, 'cat.mjs'), code);
  const { stderr } = await start(process.execPath, ['cat.mjs'], { cwd: folder });
  expect(stderr).toBe('');
  const drawn = await readFile(join(folder, 'cat.png'));
  expect(drawn.subarray(1, 4).toString()).toBe('PNG');
}

describeSlow('a command that `npm run pack` prints', () => {
  beforeAll(async () => {
    packages = await realpath(await mkdtemp(join(tmpdir(), 'tessera-install-')));
    packPackages(packages);
    commands = installCommands(packages);
  }, 120_000);
  afterAll(() => rm(packages, { recursive: true, force: true }));

  it.for(['npm', 'pnpm', 'yarn'] as const)(
    'installs one package with %s in an empty folder, and the ten lines of the README draw',
    { timeout: 400_000 },
    (manager, { skip }) =>
      installed(commands[manager], async (folder) => drawsCat(folder, await tenLines()), skip),
  );

  it('installs single packages, and they draw', { timeout: 400_000 }, ({ skip }) =>
    installed(
      commands['single packages'],
      async (folder) => {
        expect(existsSync(join(folder, 'node_modules/tessera'))).toBe(false);
        await drawsCat(folder, bySinglePackages(await tenLines()));
      },
      skip,
    ),
  );

  it('installs the command `tessera`', { timeout: 400_000 }, ({ skip }) =>
    installed(
      commands['the command'],
      async (folder) => {
        const { stdout } = await shell('npx --no tessera --version', { cwd: folder });
        expect(stdout).toMatch(/\d+\.\d+\.\d+/);
      },
      skip,
    ),
  );
});
