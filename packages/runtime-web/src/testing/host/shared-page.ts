import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { onceARun } from '../../../../../tests/support/once-a-run.js';
import { writeSmallModel, writeTinyModel } from './model-folders.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folders on the disk that all files of a run share: the bundled test page, and two models. */
    testPage: { readonly bundles: string; readonly smallModel: string; readonly tinyModel: string };
  }
}

/** Vitest's globalSetup: bundles the test page and writes the models once a run. */
export default function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  return onceARun(
    'test-page',
    writePage,
    ({ place }) => rm(place, { recursive: true, force: true }),
    ({ place: _, ...page }) => provide('testPage', page),
  );
}

async function writePage() {
  const place = await mkdtemp(join(tmpdir(), 'tessera-web-'));
  const folder = fileURLToPath(new URL('../page/', import.meta.url));
  const page = {
    place,
    bundles: join(place, 'bundles'),
    smallModel: join(place, 'small'),
    tinyModel: join(place, 'tiny'),
  };
  await build({
    entryPoints: ['page', 'worker-wasm', 'worker-webgpu', 'worker-own'].map((name) =>
      join(folder, `${name}.ts`),
    ),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    outdir: page.bundles,
    logLevel: 'error',
  });
  await writeSmallModel(page.smallModel);
  await writeTinyModel(page.tinyModel);
  return page;
}
