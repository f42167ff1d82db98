import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ReferenceReport } from '@tessera/onnx';
import { probeDevices } from '@tessera/runtime-node';
import { expect, inject, it } from 'vitest';
import '../../runtime-web/src/testing/host/shared-page.js';

/** Where a browser brings its software adapter along, a driver that needs no graphics card. */
const SOFTWARE_ADAPTERS = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

/** The environment in which there is an adapter, or why there is none. */
async function withAdapter(): Promise<NodeJS.ProcessEnv | string> {
  const report = (await probeDevices()).find(({ device }) => device === 'webgpu')!;
  if (report.available) return process.env;
  const software = SOFTWARE_ADAPTERS.find((path) => existsSync(path));
  if (software) return { ...process.env, VK_ICD_FILENAMES: software };
  return `WebGPU was not tested: ${report.reason} There is no software adapter in ${SOFTWARE_ADAPTERS.join(', ')} either.`;
}

/** Runs a module that prints a line of JSON, in a process of its own: the loader of drivers reads its environment once, and a driver may take the process down. */
async function printed(script: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env,
  });
  const line = stdout.split('\n').find((each) => each.startsWith('printed '))!;
  return JSON.parse(line.slice('printed '.length));
}

/** A test of WebGPU, skipped aloud where there is no adapter; on CI it fails. */
function onWebGpu(title: string, test: (env: NodeJS.ProcessEnv) => Promise<void>): void {
  it(title, async ({ skip }) => {
    const env = await withAdapter();
    if (typeof env !== 'string') return test(env);
    if (process.env.CI) throw new Error(env);
    console.warn(env);
    return skip(env);
  });
}

// That of the embedded model takes a software adapter more than a minute; the playground's test of WebGPU computes it.
onWebGpu('gives the recorded reference sample on WebGPU', async (env) => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { verifyReferenceSample } from '@tessera/onnx';
    import { loadModel } from '@tessera/runtime-node';
    const folder = ${JSON.stringify(inject('testPage').tinyModel)};
    const model = await loadModel(folder, { device: 'webgpu', verify: false });
    const sample = JSON.parse(readFileSync(folder + '/parity.json', 'utf8'));
    const report = await verifyReferenceSample(model, sample);
    console.log('printed ' + JSON.stringify({ device: model.device, ...report }));
    await model.dispose();`;
  const report = (await printed(script, env)) as ReferenceReport & { device: string };
  expect(report.device).toBe('webgpu');
  expect(report.checks.map(({ name }) => name)).toEqual(['z', 'tokens', 'pixels']);
  for (const { name, largestError, tolerance } of report.checks) {
    expect(largestError, name).toBeLessThanOrEqual(tolerance);
  }
});

onWebGpu(
  'computes in fp16 where the adapter has it, and in fp32 where it has not, and says so',
  async (env) => {
    const script = `
    import { loadModel } from '@tessera/runtime-node';
    const folder = ${JSON.stringify(inject('testPage').tinyModel)};
    const model = await loadModel(folder, { device: 'webgpu', precision: 'fp16', verify: false });
    const { device, precision, precisionReason } = model;
    console.log('printed ' + JSON.stringify({ device, precision, precisionReason }));
    await model.dispose();`;
    expect([
      { device: 'webgpu', precision: 'fp16' },
      { device: 'webgpu', precision: 'fp32', precisionReason: 'The adapter has no half precision.' },
    ]).toContainEqual(await printed(script, env));
  },
);

onWebGpu('is refused by name where it gets the recorded sample wrong, and only then', async (env) => {
  const place = mkdtempSync(join(tmpdir(), 'tessera-webgpu-'));
  try {
    const right = join(place, 'right');
    cpSync(inject('testPage').tinyModel, right, { recursive: true });
    const wrong = join(place, 'wrong');
    cpSync(right, wrong, { recursive: true });
    const sample = JSON.parse(readFileSync(join(wrong, 'parity.json'), 'utf8'));
    sample.tokens[3] += 0.5;
    const text = JSON.stringify(sample);
    writeFileSync(join(wrong, 'parity.json'), text);
    const manifest = JSON.parse(readFileSync(join(wrong, 'mar.json'), 'utf8'));
    const entry = manifest.files.find(({ path }: { path: string }) => path === 'parity.json');
    entry.bytes = Buffer.byteLength(text);
    entry.sha256 = createHash('sha256').update(text).digest('hex');
    writeFileSync(join(wrong, 'mar.json'), JSON.stringify(manifest));

    const script = `
      import { loadModel } from '@tessera/runtime-node';
      const outcomes = [];
      for (const [folder, verify] of ${JSON.stringify([
        [right, true],
        [wrong, true],
        [wrong, false],
      ])}) {
        try {
          const model = await loadModel(folder, { device: 'webgpu', verify });
          outcomes.push(model.device);
          await model.dispose();
        } catch ({ code, message }) {
          outcomes.push({ code, message });
        }
      }
      console.log('printed ' + JSON.stringify(outcomes));`;
    expect(await printed(script, env)).toEqual([
      'webgpu',
      {
        code: 'device-unavailable',
        message: expect.stringMatching(
          /computes this model wrong: tokens off by 0\.50 where 0\.02 is allowed\..*auto/,
        ),
      },
      'webgpu',
    ]);
  } finally {
    rmSync(place, { recursive: true });
  }
});
