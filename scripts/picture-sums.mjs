// Draws all classes of the embedded model by eight samplers, and the recipes in fixtures/recipes, and prints the SHA-256
// of each picture's pixels. Run it before and after a change that must not change pictures, on one machine, and compare:
// `node scripts/picture-sums.mjs > before.txt`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPng } from '../packages/runtime-node/dist/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const recipes = join(root, 'fixtures', 'recipes');

const SPECS = [
  'mar:64x100/guidance=linear:3/temperature=0.95',
  'mar:16x20/sampler=dpm/guidance=linear:3/temperature=0.95',
  'mar:16x20/sampler=ddim/eta=0.5/guidance=constant:2/temperature=0.95',
  'mar:16x14/sampler=dpm-sde/guidance=off/temperature=0.9',
  'gtr-32/guidance=linear:3/temperature=0.95',
  'gtr-16-quincunx/fts=random/guidance=linear:3/temperature=0.95',
  'gtr-gradual/guidance=off/temperature=0.95',
  'disa:32x30+5/guidance=interval:3:0-0.5/temperature=0.95',
];

const folder = mkdtempSync(join(tmpdir(), 'picture-sums-'));
try {
  for (const [i, spec] of SPECS.entries())
    await printSums(spec, ['--policy', spec, '--seed', `${11 + i}`], join(folder, `${i}`));
  for (const name of readdirSync(recipes).sort())
    await printSums(
      `recipe ${name}`,
      ['--recipe', join(recipes, name)],
      join(folder, name.replace('.json', '')),
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function printSums(label, options, out) {
  const command = join(root, 'packages/cli/dist/tessera.js');
  const { status, stderr } = spawnSync(
    process.execPath,
    [command, 'generate', ...options, '--device', 'cpu', '--out', out],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${label} ended with ${status}: ${stderr}`);
  const pictures = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.png'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of pictures.sort()) {
    const { width, height, data } = await readPng(path);
    const hash = createHash('sha256').update(`${width}x${height}`).update(data).digest('hex');
    console.log(`${label}\t${basename(path)}\t${hash}`);
  }
}
