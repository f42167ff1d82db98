import { describeModel } from '@tessera/core/testing/suites';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../tests/support/browser.js';
import { embeddedModel } from './testing/host/model-folders.js';
import { type PageServer, servePage } from './testing/host/page-server.js';
import { openPage, type TestPage } from './testing/host/test-page.js';

describeInBrowser('in a browser, on WebAssembly', () => {
  let browser: Browser;
  let server: PageServer;
  let page: TestPage;
  beforeAll(async () => {
    server = await servePage({ model: embeddedModel });
    browser = await openBrowser();
    page = await openPage(browser, server);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const load = (threads: number) => page.load({ folder: '/model/', build: 'wasm', device: 'wasm', threads });

  for (const threads of [1, 2]) {
    describeModel(
      `the embedded model with ${threads} threads`,
      async () => {
        const loaded = await load(threads);
        expect(loaded).toMatchObject({ device: 'wasm', threads, fallbacks: [], cacheError: undefined });
        return page.remote(loaded);
      },
      { inputs: [{ classLabel: 0 }, { classLabel: 1 }], timeout: 300_000 },
    );
  }

  it('leaves the page free while it draws', async () => {
    const model = await load(1);
    const gaps: number[] = [];
    for (let seed = 0; seed < 3; seed++) {
      const { largestGap } = await page.draw(model, { seed, classLabel: 1, steps: 4, diffusionSteps: 20 });
      gaps.push(largestGap);
    }
    await page.dispose(model);
    // The best of three: other processes may have the processor.
    expect(Math.min(...gaps)).toBeLessThan(50);
  });

  it('stops in the middle of a step', async () => {
    const model = await load(1);
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
      const failures = await page.dispose(await load(1));
      expect(failures.map(({ code }) => code)).toEqual(['model-disposed', 'model-disposed']);
    }
  });
});
