import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';

describePlayground(
  'a new version on the host',
  (playground) => {
    it('leaves open pages their own files, and is there when the only one is loaded again', async () => {
      const { page, context, errors } = await playground.open();
      await page.goto(`${playground.address}#code`);
      const assets = await readdir(join(playground.folder, 'assets'));
      const runtime = `assets/${assets.find((name) => /^ort-wasm.*\.mjs$/.test(name))}`;
      await page.evaluate(async (runtime) => {
        await navigator.serviceWorker.ready;
        const large = await caches.open('tessera / large');
        await large.add(runtime);
        await large.put('assets/ort-wasm-of-before.wasm', new Response('old'));
      }, runtime);

      await deploy(playground.folder);
      await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        const { installing, waiting } = await registration.update();
        const next = (installing ?? waiting)!;
        while (next.state === 'installing') await new Promise((resolve) => setTimeout(resolve, 20));
      });
      await page.getByRole('link', { name: 'Write a policy' }).click();
      await page.locator('.cm-content').waitFor();
      await page.getByText('There is a new version of this page').waitFor();
      const other = await context.newPage();
      await other.goto(`${playground.address}#code`);
      await other.locator('pre').first().waitFor();
      await page.reload();
      await page.locator('.cm-content').waitFor();
      expect(await page.title()).not.toBe('The next version');
      await other.close();

      // The page that was closed may count for a moment more.
      const renewed = async () => {
        await page.reload();
        const next = page.waitForFunction(() => document.title === 'The next version', null, {
          timeout: 3000,
        });
        return next.then(
          () => true,
          () => false,
        );
      };
      await expect.poll(renewed, { timeout: 30_000 }).toBe(true);
      await page.locator('.cm-content').waitFor();
      expect(await page.getByText('There is a new version of this page').count()).toBe(0);
      expect(errors).toEqual([]);
      const kept = await page.evaluate(async () => {
        const large = await (await caches.open('tessera / large')).keys();
        return { caches: (await caches.keys()).sort(), large: large.map(({ url }) => url) };
      });
      expect(kept).toEqual({
        caches: ['tessera / large', 'tessera / page next'],
        large: [`${playground.address}${runtime}`],
      });
      await context.close();
    });
  },
  { copy: true },
);

/** What is built anew: a chunk has another name, and with it all that names it another content. */
async function deploy(folder: string): Promise<void> {
  const assets = join(folder, 'assets');
  const names = await readdir(assets);
  const chunk = names.find((name) => name.startsWith('code-editor-') && name.endsWith('.js'))!;
  const next = 'code-editor-next.js';
  await rename(join(assets, chunk), join(assets, next));
  const scripts = (await readdir(assets)).filter((name) => name.endsWith('.js'));
  const pages = ['index.html', 'service-worker.js'];
  for (const path of [
    ...pages.map((name) => join(folder, name)),
    ...scripts.map((name) => join(assets, name)),
  ]) {
    const text = await readFile(path, 'utf8');
    const changed = text
      .replaceAll(chunk, next)
      .replace(/\bpage [0-9a-f]{12}/, 'page next')
      .replace(/<title>.*<\/title>/, '<title>The next version</title>');
    if (changed !== text) await writeFile(path, changed);
  }
}
