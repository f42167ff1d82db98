import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Runs a module where nothing is set, and names the files that appear in its temporary folder and its home. */
function filesBy(body: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-telemetry-'));
  const [temporary, home] = [join(folder, 'tmp'), join(folder, 'home')];
  for (const each of [temporary, home]) mkdirSync(each);
  const script = `
    import { modelFolder } from '@tessera/model-tiny';
    import { loadModel, openGraph, probeDevices } from '@tessera/runtime-node';
    ${body}
  `;
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...env } = process.env;
  try {
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...env, TMPDIR: temporary, HOME: home },
      stdio: 'ignore',
    });
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it.each([
  ['a model that is loaded', `await (await loadModel(modelFolder, { device: 'cpu' })).dispose();`],
  [
    'a graph by itself',
    `await (await openGraph(new URL('onnx/modulate.onnx', modelFolder).pathname)).release();`,
  ],
  ['a look at the devices', 'await probeDevices();'],
])('%s leaves no usage data, which ONNX Runtime gathers unless it is told not to', (_, body) => {
  expect(filesBy(body)).toEqual(['home', 'tmp']);
});
