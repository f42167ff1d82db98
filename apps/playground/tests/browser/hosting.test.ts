import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf, QUICK } from './open-page.js';

describePlayground('on any host', (playground) => {
  it('works without a network after the first visit', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    const before = await pixelsOf(page);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while ((await (await caches.open('tessera / large')).keys()).length < 2)
        await new Promise(requestAnimationFrame);
    });
    await context.setOffline(true);
    await page.reload();
    await drawn(page);
    expect(await pixelsOf(page)).toEqual(before);
    await page.getByRole('link', { name: 'Write a policy' }).click();
    await page.locator('.cm-content').waitFor();
    // Else each answer would pass through the worker, and end with it.
    const unlikeAnswers = await page.evaluate(async () => {
      const names = (await caches.keys()).filter((name) => name.startsWith('tessera / '));
      const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).matchAll()));
      const isAnswer = ({ headers }: Response) => headers.has('cross-origin-resource-policy');
      return kept.flat().filter((response) => !isAnswer(response)).length;
    });
    expect(unlikeAnswers).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('leaves alone what else is on its host, below its own folder too', async () => {
    const neighbour = join(playground.folder, 'neighbour');
    await mkdir(neighbour);
    await writeFile(join(neighbour, 'index.html'), '<title>A neighbour</title>');
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}neighbour/`);
    await page.evaluate(async () => {
      for (const name of ['of a neighbour', 'tessera /neighbour/ page 1']) await caches.open(name);
    });
    await page.goto(`${playground.address}#code`);
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    expect(await page.evaluate(() => caches.keys())).toEqual(
      expect.arrayContaining(['of a neighbour', 'tessera /neighbour/ page 1']),
    );
    await page.goto(`${playground.address}neighbour/`);
    expect(await page.title()).toBe('A neighbour');
    // By another name, and with what another site adds to an address, it is the page all the same.
    await context.setOffline(true);
    await page.goto(`${playground.address}index.html?from=elsewhere#code`);
    await page.getByRole('heading', { name: 'Export code' }).waitFor();
    await context.close();
  });

  it('says that the model can’t be kept where the disk is full, and draws all the same', async () => {
    const { page, context } = await playground.open({ serviceWorkers: 'block' });
    const { origin } = new URL(playground.address);
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByText('A note on how it runs here').click();
    await page.getByText(/could not be kept for the next visit.*Free some disk space/).waitFor();
    await context.close();
  });

  it('runs on one thread where the host sends no headers, says so, and has them on the next visit', async () => {
    const { page, context } = await playground.open({ device: 'wasm' });
    await context.route(`${playground.address}`, async (route) => {
      const response = await route.fetch();
      const {
        'cross-origin-opener-policy': _,
        'cross-origin-embedder-policy': __,
        ...headers
      } = response.headers();
      await route.fulfill({ response, headers });
    });
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    await page.getByText('A note on how it runs here').click();
    await page.getByText(/Only one thread is used.*Reload it once/).waitFor();
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    await context.unroute(`${playground.address}`);
    await page.reload();
    await drawn(page);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    await context.close();
  });

  it('is at most 150 KB gzipped, without ONNX Runtime and the editor', async () => {
    const assets = join(playground.folder, 'assets');
    const names = (await readdir(assets)).filter((name) => name.endsWith('.js'));
    const onDemand =
      /^(code-editor|look-for-things|module-source|policy-sandbox|scene-worker|wasm-worker|webgpu-worker)-/;
    const sizes = await Promise.all(
      names
        .filter((name) => !onDemand.test(name))
        .map(async (name) => gzipSync(await readFile(join(assets, name))).length),
    );
    const size = sizes.reduce((sum, each) => sum + each, 0);
    expect(size).toBeGreaterThan(20_000);
    expect(size).toBeLessThanOrEqual(150 * 1024);
    for (const name of ['code-editor', 'module-source', 'policy-sandbox', 'wasm-worker', 'webgpu-worker']) {
      expect(
        names.some((each) => each.startsWith(`${name}-`)),
        name,
      ).toBe(true);
    }
  });
});
