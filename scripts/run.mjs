// Every root command goes through here, so that a bare clone needs Node ≥ 20 and npm, nothing else: it fetches the
// pinned pnpm through npx, installs and builds when something changed since the last time, then runs the command.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installCommands, packPackages } from './pack.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const [command, ...given] = process.argv.slice(2);

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Tessera needs Node 20 or newer; this is ${process.version}.`);

const commands = {
  demo: () => node('packages/cli/dist/tessera.js', 'demo', ...given),
  playground: () => node('apps/playground/node_modules/vite/bin/vite.js', 'apps/playground', ...given),
  test: runTests,
  parity: () => node('tools/parity/dist/parity.js', ...given),
  bench: () => node('tools/bench/dist/bench.js', ...given),
  evidence: () => node('tools/evidence/dist/evidence.js', ...given),
  build: () => 0,
  pack,
  lint: () => bin('biome', 'check', ...given, '.'),
  typecheck,
};
const scripts = {
  biome: 'node_modules/@biomejs/biome/bin/biome',
  svelteCheck: 'apps/playground/node_modules/svelte-check/bin/svelte-check',
  tsc: 'node_modules/typescript/bin/tsc',
  turbo: 'node_modules/turbo/bin/turbo',
  vitest: 'node_modules/vitest/vitest.mjs',
};
const list = Object.keys(commands).join(', ');
if (command === undefined) fail(`Name a command: ${list}.`);
if (!Object.hasOwn(commands, command)) fail(`Unknown command "${command}". There are: ${list}.`);
const chosen = commands[command];

install();
if (command !== 'lint') build();
process.exit(await chosen());

/** Installs the dependencies unless the lockfile and manifests are those of the last install. */
function install() {
  const inputs = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests()];
  const stamp = 'node_modules/.tessera-installed';
  if (upToDate(stamp, inputs)) return;
  const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
  say('installing dependencies (once)');
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const options = ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'];
  must(npx, ['--yes', '--loglevel=error', packageManager, ...options], {
    shell: process.platform === 'win32',
  });
  writeStamp(stamp, inputs);
}

/** Builds all packages unless no source has changed since the last build. */
function build() {
  const tools = ['tsconfig.base.json', 'tsup.preset.ts', 'turbo.json', 'scripts/build-types.mjs'];
  const inputs = [...manifests(), ...tools, ...sources()];
  const stamp = 'node_modules/.tessera-built';
  if (
    upToDate(stamp, inputs) &&
    workspaces().every((each) => !hasSources(each) || existsSync(join(each, 'dist')))
  )
    return;
  say('building the packages');
  const status = turbo('build', 'build:types');
  if (status !== 0) process.exit(status);
  writeStamp(stamp, inputs);
}

async function runTests() {
  const steps = [
    ['lint', () => bin('biome', 'check', '.')],
    ['typecheck', typecheck],
  ];
  for (const [name, step] of given.length === 0 ? steps : []) {
    say(name);
    const status = await step();
    if (status !== 0) {
      console.log(`0 passed, 1 failed (${name})`);
      return status;
    }
  }
  const report = 'node_modules/.tessera-tests.json';
  rmSync(report, { force: true });
  const status = bin(
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...given,
  );
  if (!existsSync(report)) {
    console.log('0 passed, 1 failed (the test runner itself)');
    return status || 1;
  }
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  // A suite that fails to load has no failed test of its own, but it must not count as passed.
  const failed = counts.numFailedTests || (status === 0 ? 0 : 1);
  const skipped = counts.numPendingTests + counts.numTodoTests;
  console.log(`${counts.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  return status;
}

/** Tarballs of all packages in out/packages, and the commands that install them. */
function pack() {
  const folder = resolve('out', 'packages');
  const files = packPackages(folder);
  console.log(`${files.length} packages in ${folder}. In a project of yours, one of:\n`);
  const commands = Object.entries(installCommands(folder));
  const width = Math.max(...commands.map(([name]) => name.length));
  for (const [name, line] of commands) console.log(`${name.padEnd(width)}  ${line}`);
  console.log(`
npm runs a script of onnxruntime-node that downloads CUDA libraries on Linux; --ignore-scripts leaves them out.
Yarn is version 4 with "nodeLinker: node-modules" in .yarnrc.yml: ONNX Runtime reads models from real files.`);
  return 0;
}

/**
 * Packages that may use the same libraries are one program: reading those takes most of the time. Tests are another one, since
 * they may use Node where the package under test may not, with what uses both Node and the web. Two programs are checked at once.
 * What the compiler found is kept: the next time it checks what has changed, and what that touches.
 */
async function typecheck() {
  const tsc = (project) => {
    const found = join('node_modules', '.tessera-types', project, 'tsbuildinfo');
    return [scripts.tsc, '-p', project, '--incremental', '--tsBuildInfoFile', found];
  };
  const waiting = [
    tsc('.'),
    [scripts.svelteCheck, '--workspace', 'apps/playground', '--fail-on-warnings', '--output', 'human'],
    ...['tsconfig.node.json', 'tsconfig.web.json', 'tsconfig.neutral.json', 'examples'].map(tsc),
    tsc('apps/playground/service-worker'),
  ];
  let failed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const child = spawn(process.execPath, next, { stdio: 'inherit' });
      const status = await new Promise((done, fail) => child.on('exit', done).on('error', fail));
      if (status !== 0) failed = 1;
    }
  };
  await Promise.all([work(), work()]);
  return failed;
}

function turbo(...tasks) {
  return bin('turbo', 'run', ...tasks, '--output-logs=errors-only', '--no-update-notifier');
}

function workspaces() {
  const parents = ['packages', 'apps', 'tools'].filter((each) => existsSync(each));
  const children = parents.flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)));
  return [...children, 'examples'].filter((each) => existsSync(join(each, 'package.json')));
}

function manifests() {
  return ['package.json', ...workspaces().map((each) => join(each, 'package.json'))];
}

function hasSources(workspace) {
  return existsSync(join(workspace, 'tsup.config.ts'));
}

function sources() {
  return workspaces()
    .filter(hasSources)
    .flatMap((each) => [
      join(each, 'tsup.config.ts'),
      join(each, 'tsconfig.json'),
      ...readdirSync(join(each, 'src'), { recursive: true })
        .map((name) => join(each, 'src', name))
        .filter((path) => /\.tsx?$/.test(path) && !/\.test\.ts$/.test(path) && statSync(path).isFile()),
    ]);
}

function digest(inputs) {
  const hash = createHash('sha256');
  for (const path of [...inputs].sort()) {
    if (existsSync(path)) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function upToDate(stamp, inputs) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest(inputs);
}

function writeStamp(stamp, inputs) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(`${stamp}.part`, digest(inputs));
  renameSync(`${stamp}.part`, stamp);
}

function node(script, ...options) {
  return run(process.execPath, [script, ...options]);
}

/** Runs a tool's script, not what is in .bin: on Windows that needs a shell, which splits arguments at spaces. */
function bin(name, ...options) {
  return node(scripts[name], ...options);
}

function run(file, options, extra = {}) {
  // Turbo looks for pnpm on the PATH; the one it finds is the pinned one among the dependencies.
  const path = [resolve('node_modules', '.bin'), process.env.PATH].join(delimiter);
  const quiet = { TURBO_TELEMETRY_DISABLED: '1', ORT_DISABLE_TELEMETRY: '1', DO_NOT_TRACK: '1' };
  const env = { ...process.env, PATH: path, ...quiet };
  const { status, error } = spawnSync(file, options, { stdio: 'inherit', env, ...extra });
  if (error) fail(`${file} could not be started: ${error.message}`);
  return status ?? 1;
}

function must(file, options, extra) {
  const status = run(file, options, extra);
  if (status !== 0) fail(`"${[file, ...options].join(' ')}" ended with ${status}.`);
}

function say(text) {
  console.error(`tessera: ${text}`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
