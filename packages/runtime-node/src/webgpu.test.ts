import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ParityReport } from '@tessera/onnx';
import { probeDevices } from '@tessera/runtime-node';
import { expect, it } from 'vitest';

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

// In a process of its own: the loader of drivers reads its environment once, and a driver may take the process down.
it('gives the recorded parity sample on WebGPU', { timeout: 300_000 }, async ({ skip }) => {
  const env = await withAdapter();
  if (typeof env === 'string') {
    console.warn(env);
    return skip(env);
  }
  const script = `
    import { readFileSync } from 'node:fs';
    import { modelFolder } from '@tessera/model-tiny';
    import { verifyParitySample } from '@tessera/onnx';
    import { loadModel } from '@tessera/runtime-node';
    const model = await loadModel(modelFolder, { device: 'webgpu' });
    const sample = JSON.parse(readFileSync(new URL('parity.json', modelFolder), 'utf8'));
    const report = await verifyParitySample(model, sample);
    console.log('report ' + JSON.stringify({ device: model.device, ...report }));
    await model.dispose();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env,
  });
  const line = stdout.split('\n').find((each) => each.startsWith('report '))!;
  const report = JSON.parse(line.slice('report '.length)) as ParityReport & { device: string };
  expect(report.device).toBe('webgpu');
  expect(report.checks.map(({ name }) => name)).toEqual(['z', 'tokens', 'pixels']);
  for (const { name, largestError, tolerance } of report.checks) {
    expect(largestError, name).toBeLessThanOrEqual(tolerance);
  }
});
