import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { writeSmallModel } from './model-folders.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folders on the disk that all files of a run share: the bundled test page, and the smallest model. */
    testPage: { readonly bundles: string; readonly smallModel: string };
  }
}

/** Vitest's globalSetup: bundles the test page and writes the smallest model once a run. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const place = await mkdtemp(join(tmpdir(), 'tessera-web-'));
  const [bundles, smallModel] = [join(place, 'bundles'), join(place, 'small')] as const;
  const folder = fileURLToPath(new URL('../page/', import.meta.url));
  await build({
    entryPoints: ['page', 'worker-wasm', 'worker-webgpu', 'worker-own'].map((name) =>
      join(folder, `${name}.ts`),
    ),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    outdir: bundles,
    logLevel: 'error',
  });
  await writeSmallModel(smallModel);
  provide('testPage', { bundles, smallModel });
  return () => rm(place, { recursive: true, force: true });
}
