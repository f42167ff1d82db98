import { describeModel } from '@tessera/core/testing/suites';
import { beforeAll, expect, it } from 'vitest';
import { describeTestPage } from './testing/host/describe-test-page.js';
import type { TestPage } from './testing/host/test-page.js';

describeTestPage('in a browser, on WebAssembly', {}, ({ open }) => {
  let page: TestPage;
  beforeAll(async () => {
    page = await open();
  });

  const load = (folder: string, threads: number) =>
    page.load({ folder, build: 'wasm', device: 'wasm', threads });

  // What the embedded model draws, with one thread and with two, is compared with Node in same-recipe.test.ts.
  for (const threads of [1, 2]) {
    describeModel(
      `a small model with ${threads} threads`,
      async () => {
        const loaded = await load('/small/', threads);
        expect(loaded).toMatchObject({ device: 'wasm', threads, fallbacks: [], cacheError: undefined });
        return page.remote(loaded);
      },
      { inputs: [{ classLabel: 0 }, { classLabel: 1 }], timeout: 300_000 },
    );
  }

  it('draws from an input that is a proxy what it draws from the object itself', async () => {
    const model = await load('/small/', 1);
    const recipe = { seed: 1, classLabel: 1, steps: 2, diffusionSteps: 2 };
    const reactive = await page.draw(model, { ...recipe, reactive: true });
    expect(reactive.failure).toBeUndefined();
    expect(reactive.pixels).toEqual((await page.draw(model, recipe)).pixels);
    await page.dispose(model);
  });

  it('stops in the middle of a step', async () => {
    const model = await load('/model/', 1);
    const options = { seed: 1, classLabel: 1, steps: 4, diffusionSteps: 400 };
    const { failure, plan } = await page.draw(model, { ...options, abortAfterStep: 1 });
    expect(failure?.message).toBe('enough');
    expect(plan).toHaveLength(1);
    const remote = page.remote(model);
    const { denoise } = await remote.runStatistics();
    expect(denoise!.runs).toBeLessThan(750);
    await page.dispose(model);
  });

  it('rejects calls under way and later ones when it is disposed of, and can be loaded again', async () => {
    for (let time = 0; time < 2; time++) {
      const failures = await page.dispose(await load('/small/', 1));
      expect(failures.map(({ code }) => code)).toEqual(['model-disposed', 'model-disposed']);
    }
  });
});
