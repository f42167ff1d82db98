import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeTestPage } from './testing/host/describe-test-page.js';
import { type Heap, watchHeaps } from './testing/host/heaps.js';
import { TINY } from './testing/host/model-folders.js';
import type { TestPage } from './testing/host/test-page.js';

const KB = 1024;

/**
 * Bytes that may be added from the tenth picture to the fiftieth: code that the browser compiles better meanwhile. The
 * conditions of those forty pictures would be 160 KB of arrays, and the grids after each of their steps 320 KB.
 */
const ALLOWED: Readonly<Record<'page' | 'worker', Heap>> = {
  page: { objects: 512 * KB, arrays: 16 * KB, wasm: 0 },
  worker: { objects: 256 * KB, arrays: 16 * KB, wasm: 0 },
};

describeTestPage('in a browser, memory', {}, ({ open }) => {
  let page: TestPage;
  beforeEach(async () => {
    page = await open();
  });
  afterEach(() => page.close());

  const load = () =>
    page.load({ folder: '/tiny/', build: 'wasm', device: 'wasm', threads: 1, changes: 'counted' });

  it('is the same after the fiftieth picture as after the tenth, on the page and in the worker', async () => {
    const heaps = await watchHeaps(page.page);
    const model = await load();
    const draw = async (from: number, to: number) => {
      for (let seed = from; seed < to; seed++) {
        const { failure } = await page.draw(model, { seed, classLabel: 1, steps: 8, diffusionSteps: 4 });
        expect(failure).toBeUndefined();
      }
      return { page: await heaps.page(), worker: await heaps.worker() };
    };
    const tenth = await draw(0, 10);
    const fiftieth = await draw(10, 50);
    expect(tenth.worker.wasm).toBeGreaterThan(4 * KB * KB);
    for (const thread of ['page', 'worker'] as const) {
      for (const kind of ['objects', 'arrays', 'wasm'] as const) {
        const added = fiftieth[thread][kind] - tenth[thread][kind];
        expect(added, `${thread}, ${kind}`).toBeLessThanOrEqual(ALLOWED[thread][kind]);
      }
    }
  });

  it('is given back when a model is disposed of: the worker is gone, with all that it had', async () => {
    const before = await page.memory();
    const model = await load();
    await page.draw(model, { seed: 1, classLabel: 1, steps: 2, diffusionSteps: 2 });
    const loaded = await page.memory();
    expect(loaded.workers).toBeGreaterThan(8 * KB * KB);
    await page.dispose(model);
    await expect.poll(() => page.page.workers(), { timeout: 20_000 }).toEqual([]);
    const after = await page.memory();
    expect(after.workers).toBe(0);
    expect(after.all - before.all).toBeLessThan(KB * KB);
  });

  it('on a GPU is used again for each picture, and what only the GPU needs stays there', async () => {
    const heaps = await watchHeaps(page.page);
    const model = await page.load({
      ...{ folder: '/tiny/', build: 'webgpu', device: 'webgpu', threads: 1, verify: false },
      changes: 'counted',
    });
    const bytes = () => heaps.inWorker<{ live: number; read: number }>('gpuBytes()');
    const draw = async (seed: number, readConditions: boolean) => {
      const before = await bytes();
      const { failure } = await page.draw(model, {
        ...{ seed, classLabel: 1, steps: 2, diffusionSteps: 4 },
        readConditions,
      });
      expect(failure).toBeUndefined();
      const after = await bytes();
      return { live: after.live, read: after.read - before.read };
    };
    await draw(0, true);
    const second = await draw(1, false);
    const third = await draw(2, true);
    const fourth = await draw(3, false);
    expect(second.live).toBeGreaterThan(50 * KB);
    expect(third.live).toBeLessThanOrEqual(second.live);
    expect(fourth.live).toBeLessThanOrEqual(second.live);
    // The head's output after each diffusion step, and the picture; z where it is asked for. The modulation isn't read.
    const rows = 2 * TINY.tokens;
    const output = 4 * (4 * rows * 2 * TINY.channels + 3 * TINY.tokens);
    const z = 4 * rows * TINY.width;
    expect([second.read, third.read, fourth.read]).toEqual([output, output + z, output]);
  });
});
