import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readRecipe } from '@tessera/cli';
import type { ImageRgb } from '@tessera/core';
import { modelFolder } from '@tessera/model-tiny';
import { parseManifest } from '@tessera/onnx';
import { manifestHash } from '@tessera/recipe';
import { loadModel } from '@tessera/runtime-node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../../packages/runtime-web/src/testing/host/browser.js';
import { generationOf, recipeOfPicture } from '../../src/recipe/recipe.js';
import { recordRun } from '../../src/run/record-run.js';
import type { Run } from '../../src/run/step-record.js';
import { DEFAULT_SETTINGS } from '../../src/settings/settings.js';
import { EMBEDDED } from '../../src/take-home/embedded.js';
import { browserCode } from '../../src/take-home/take-home-code.js';
import { violations } from './accessibility.js';
import { builtSite, developmentSite, type Site } from './built-site.js';
import { openPage, pixelsOf } from './open-page.js';
import { viteProject } from './vite-project.js';

/** Few steps: what is tested is the page. */
const QUICK = 'class=3&seed=7&guidance=1&temperature=0.8&policy=gtr-16';

const drawn = (page: Page) => page.getByText('head evaluations', { exact: false }).first().waitFor();
const step = (page: Page) => page.getByLabel('Step of the picture’s making');

describeInBrowser('the playground', () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    site = await builtSite();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  describe('Generate', () => {
    it('draws what a link says, the same picture each time', async () => {
      const { page, context, errors } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      const first = await pixelsOf(page);
      expect(new Set(first).size).toBeGreaterThan(50);
      await page.getByRole('button', { name: 'Draw' }).click();
      await page.getByRole('button', { name: 'Stop' }).waitFor();
      await drawn(page);
      expect(await pixelsOf(page)).toEqual(first);
      await page.getByRole('button', { name: 'Copy link' }).click();
      const link = page.url();
      expect(link).toContain('seed=7');
      const other = await openPage(browser);
      await other.page.goto(link);
      await drawn(other.page);
      expect(await pixelsOf(other.page)).toEqual(first);
      expect([...errors, ...other.errors]).toEqual([]);
      await other.context.close();
      await context.close();
    });

    it('leaves the page free while it draws', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      const largest: number[] = [];
      // The best of five: other processes may have the processor.
      for (let tries = 0; tries < 5 && Math.min(...largest) >= 50; tries++) {
        largest.push(
          await page.evaluate(async () => {
            const press = (name: string) =>
              [...document.querySelectorAll('button')].find((each) => each.textContent === name)!;
            press('Draw').click();
            let gap = 0;
            let last = performance.now();
            do {
              await new Promise((resolve) => setTimeout(resolve));
              const now = performance.now();
              gap = Math.max(gap, now - last);
              last = now;
            } while (!document.body.textContent!.includes('head evaluations'));
            return gap;
          }),
        );
      }
      expect(Math.min(...largest)).toBeLessThan(50);
      await context.close();
    });

    it('scrubs through the making of the picture by keys and by mouse', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      const whole = await pixelsOf(page);
      await step(page).focus();
      await page.keyboard.press('Home');
      await page.getByText('Step 1 of 16').waitFor();
      const blank = (pixels: number[]) => pixels.filter((value, i) => i % 4 === 3 && value === 0).length;
      const firstStep = await pixelsOf(page);
      expect(blank(firstStep)).toBeGreaterThan(3000);
      await page.keyboard.press('ArrowRight');
      await page.getByText('Step 2 of 16').waitFor();
      expect(blank(await pixelsOf(page))).toBeLessThan(blank(firstStep));
      expect(await step(page).getAttribute('aria-valuetext')).toMatch(
        /^Step 2 of 16, generation: \d+ tokens/,
      );
      const { x, y, width, height } = (await step(page).boundingBox())!;
      await page.mouse.click(x + width / 2, y + height / 2);
      await page.getByText(/Step (8|9) of 16/).waitFor();
      await page.getByLabel('Token grid').check();
      expect(await page.locator('.picture svg rect').count()).toBeGreaterThan(10);
      await step(page).focus();
      await page.keyboard.press('End');
      expect(await page.locator('.picture svg rect').count()).toBe(256);
      expect(await page.locator('.picture svg circle').count()).toBe(13);
      await page.getByLabel('Token grid').uncheck();
      expect(await pixelsOf(page)).toEqual(whole);
      await context.close();
    });

    it('stops within 200 ms and draws again at once', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK.replace('gtr-16', 'mar')}`);
      await page.getByText(/Step [3-9] of/).waitFor();
      const took = await page.evaluate(async () => {
        const stop = [...document.querySelectorAll('button')].find((each) => each.textContent === 'Stop')!;
        const before = performance.now();
        stop.click();
        while (!document.body.textContent!.includes('stopped after'))
          await new Promise(requestAnimationFrame);
        return performance.now() - before;
      });
      expect(took).toBeLessThan(200);
      await page.getByLabel('Policy', { exact: true }).selectOption('gtr-16');
      await page.getByRole('button', { name: 'Draw' }).click();
      await drawn(page);
      await context.close();
    });

    it('saves a picture whose recipe the command line takes', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      const [png] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'PNG' }).click(),
      ]);
      expect(png.suggestedFilename()).toBe('00003-mushroom.png');
      const recipe = await readRecipe(await withName(await png.path(), '.png'));
      expect(recipe).toMatchObject({ seed: 7, images: [{ index: 3, className: 'mushroom' }] });
      expect(recipe.sampling).toMatchObject({ guidance: { schedule: 'linear', scale: 1 }, temperature: 0.8 });
      const [json] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Recipe' }).click(),
      ]);
      expect(await readRecipe(await json.path())).toEqual(recipe);
      await context.close();
    });

    it('draws the picture of a recipe that is opened, and says so where it can’t', async () => {
      const settings = { ...DEFAULT_SETTINGS, classLabel: 8, seed: 21, guidance: 1 };
      const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
      const recipe = recipeOfPicture({
        manifest,
        sha256: await manifestHash(manifest),
        settings,
        made: { device: 'cpu', dtype: 'fp16', versions: {} },
      })!;
      const file = (content: unknown) => ({
        name: 'recipe.json',
        mimeType: 'application/json',
        buffer: Buffer.from(JSON.stringify(content)),
      });
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      const input = page.getByLabel('File to open');
      await input.setInputFiles(file({ ...recipe, seed: 2 ** 40 }));
      await page.getByText('asks for more than can be set here').waitFor();
      await input.setInputFiles(file({}));
      await page.getByText('There is no recipe in this file').waitFor();
      await input.setInputFiles(file(recipe));
      await page.getByText(`${manifest.condition.names![8]}, seed 21`).waitFor();
      await drawn(page);
      expect(await page.getByRole('alert').count()).toBe(0);
      await context.close();
    });

    it('says what to do where the model can’t be fetched, and goes on when it can', async () => {
      const { page, context } = await openPage(browser, { serviceWorkers: 'block' });
      await context.route('**/model/onnx/decoder.onnx', (route) => route.abort());
      await page.goto(`${site.address}#generate?${QUICK}`);
      const alarm = page.getByRole('alert');
      await alarm.waitFor();
      expect(await alarm.textContent()).toMatch(/A file of the model could not be loaded\..*load again/s);
      await context.unroute('**/model/onnx/decoder.onnx');
      await page.getByRole('button', { name: 'Draw' }).click();
      await drawn(page);
      expect(await alarm.count()).toBe(0);
      await context.close();
    });

    it('says so where a graphics card was asked for and there is none', async () => {
      const without = await openBrowser({ webgpu: false });
      const { page } = await openPage(without, { device: 'webgpu' });
      await page.goto(`${site.address}#generate?${QUICK}`);
      const alarm = page.getByRole('alert');
      await alarm.waitFor();
      expect(await alarm.textContent()).toMatch(/can’t use the device.*Choose “Automatic” or “WebAssembly”/s);
      await page.getByLabel('Device').selectOption('wasm-1');
      await page.getByRole('button', { name: 'Draw' }).click();
      await drawn(page);
      await page.getByText('WebAssembly, 1 thread', { exact: true }).waitFor();
      await without.close();
    });
  });

  it('says that the model can’t be kept where the disk is full, and draws all the same', async () => {
    const { page, context } = await openPage(browser, { serviceWorkers: 'block' });
    const { origin } = new URL(site.address);
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    await page.goto(`${site.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByText('A note on how it runs here').click();
    await page.getByText(/could not be kept for the next visit.*Free some disk space/).waitFor();
    await context.close();
  });

  it('lets two to six policies race, and no more', async () => {
    const { page, context, errors } = await openPage(browser);
    const six = 'gtr-16-no-fts.gtr-16.gtr-16-quincunx.gtr-32.disa.mar';
    await page.goto(`${site.address}#compare?${QUICK}&compare=${six}`);
    expect(await page.getByLabel('Halton, 64 steps').isDisabled()).toBe(true);
    for (const title of ['GtR, 32 steps', 'DiSA, 64 steps', 'MAR, 64 steps']) {
      await page.getByLabel(title, { exact: true }).uncheck();
    }
    expect(await page.getByLabel('Halton, 64 steps').isDisabled()).toBe(false);
    await page.getByRole('button', { name: /^Race/ }).click();
    await page.getByText('Difference, of 255').first().waitFor();
    expect(await page.locator('.lanes li').count()).toBe(3);
    const pictures = await Promise.all([0, 1, 2].map((lane) => pixelsOf(page, lane)));
    expect(new Set(pictures.map(String)).size).toBe(3);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('compares policies side by side and shows what differs', async () => {
    const { page, context, errors } = await openPage(browser);
    await page.goto(`${site.address}#compare?${QUICK}&compare=gtr-16.gtr-16-no-fts`);
    await page.getByRole('button', { name: 'Race for a mushroom' }).click();
    await page.getByText('Difference, of 255').first().waitFor();
    const plain = await pixelsOf(page, 0);
    expect(await page.locator('.lanes li').count()).toBe(2);
    expect(await page.locator('.lanes .ratio').nth(1).textContent()).toMatch(/Faster by\s*\d+\.\d+×/);
    await page.getByLabel('Show how each differs from the first').check();
    const same = await pixelsOf(page, 0);
    expect(same.every((value, i) => (i % 4 === 3 ? value === 255 : value === 0))).toBe(true);
    expect(await pixelsOf(page, 1)).not.toEqual(same);
    await page.getByLabel('Show how each differs from the first').uncheck();
    expect(await pixelsOf(page, 0)).toEqual(plain);
    expect(errors).toEqual([]);
    await page.getByLabel('GtR, 16 steps', { exact: true }).uncheck();
    expect(await page.getByRole('button', { name: /^Race/ }).isDisabled()).toBe(true);
    await context.close();
  });

  describe('Edit', () => {
    it('renews what is painted and keeps all else to the byte', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      await page.getByRole('link', { name: 'Edit', exact: true }).click();
      const surface = page.getByRole('application');
      await surface.waitFor();
      const before = await pixelsOf(page, 0);
      const { x, y, width } = (await surface.boundingBox())!;
      await page.mouse.move(x + width * 0.2, y + width * 0.2);
      await page.mouse.down();
      await page.mouse.move(x + width * 0.6, y + width * 0.2, { steps: 5 });
      await page.mouse.up();
      await surface.focus();
      for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await page.getByLabel('Seed').fill('8');
      await page.getByRole('button', { name: 'Renew what is painted' }).click();
      await page.getByText(/All [\d,]+ kept pixels are byte for byte the same/).waitFor();
      const after = await pixelsOf(page, 1);
      const changed = [...Array(64 * 64).keys()].filter((p) => before[p * 4] !== after[p * 4]);
      const rows = new Set(changed.map((pixel) => Math.floor(pixel / 64 / 4)));
      expect(changed.length).toBeGreaterThan(100);
      for (const row of rows) expect([1, 2, 3, 4, 11, 12, 13]).toContain(row);
      await context.close();
    });

    it.each([
      ['dropped', '[aria-label="The picture to edit"]', 'DragEvent', 'drop', 'dataTransfer'],
      ['pasted', 'body', 'ClipboardEvent', 'paste', 'clipboardData'],
    ])('takes a picture that is %s', async (_, place, eventClass, type, property) => {
      const { page, context, errors } = await openPage(browser);
      await page.goto(`${site.address}#edit`);
      await page.getByText('Drop a picture here').waitFor();
      await page.locator(place).evaluate(
        async (element, { eventClass, type, property }) => {
          const canvas = Object.assign(document.createElement('canvas'), { width: 90, height: 70 });
          const context = canvas.getContext('2d')!;
          context.fillStyle = 'rgb(200, 30, 40)';
          context.fillRect(0, 0, 90, 70);
          const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
          const transfer = new DataTransfer();
          transfer.items.add(new File([blob!], 'red.png', { type: 'image/png' }));
          const event = Reflect.construct(Reflect.get(window, eventClass), [
            type,
            { bubbles: true, cancelable: true, [property]: transfer },
          ]);
          element.dispatchEvent(event as Event);
        },
        { eventClass, type, property },
      );
      await page.getByRole('application').waitFor();
      expect((await pixelsOf(page, 0)).slice(0, 4)).toEqual([200, 30, 40, 255]);
      expect(errors).toEqual([]);
      await context.close();
    });

    it('takes a picture that is opened, and says what else it takes where it can’t', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#edit`);
      await page.getByText('Drop a picture here').waitFor();
      await page.getByLabel('Picture file').setInputFiles({
        name: 'notes.txt',
        mimeType: 'text/plain',
        buffer: Buffer.from('not a picture'),
      });
      expect(await page.getByRole('alert').textContent()).toMatch(/no picture .*Take a PNG, JPEG or WebP/s);
      const { page: maker } = await openPage(browser);
      const png = await maker.screenshot();
      await page
        .getByLabel('Picture file')
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png });
      const surface = page.getByRole('application');
      await surface.focus();
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Renew what is painted' }).click();
      await page.getByText(/All [\d,]+ kept pixels are byte for byte the same/).waitFor();
      await context.close();
      await maker.context().close();
    });
  });

  describe('Write a policy', () => {
    const write = async (page: Page, code: string) => {
      const editor = page.locator('.cm-content');
      await editor.click();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.insertText(code);
    };

    it('checks a policy, draws with it beside GtR, and brings it back by link without running it', async () => {
      const { page, context, errors } = await openPage(browser);
      await page.goto(`${site.address}#policy?${QUICK}`);
      await page.getByRole('button', { name: 'Rows from the top' }).click();
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText('Every position is decoded exactly once').waitFor();
      await page.getByText('Difference, of 255').first().waitFor();
      await page.getByRole('button', { name: 'Copy link' }).click();
      await page.getByText(/The link is/).waitFor();
      const own = await pixelsOf(page, 0);
      const other = await openPage(browser);
      await other.page.goto(page.url().replace('#policy', '#generate'));
      await other.page.getByText('It has not been run').waitFor();
      expect(await other.page.locator('iframe').count()).toBe(0);
      await other.page.getByRole('button', { name: 'Draw' }).click();
      await drawn(other.page);
      expect(await pixelsOf(other.page)).toEqual(own);
      expect([...errors, ...other.errors]).toEqual([]);
      await other.context.close();
      await context.close();
    });

    it('says beside the code what is wrong with it', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#policy?${QUICK}`);
      await write(
        page,
        "import { plannedPolicy, stepPlan } from '@tessera/core';\nexport default plannedPolicy('few', function* () {\n  yield stepPlan('a', [0, 1], 5);\n});",
      );
      await page.getByRole('button', { name: 'Run' }).click();
      await page
        .getByText(/would never be finished/)
        .first()
        .waitFor();
      await write(page, "const a = 1;\n\nthrow new Error('on purpose');\nexport default a;");
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText('Line 3.').waitFor();
      await write(page, 'export default { step( };');
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText('This is not JavaScript', { exact: false }).first().waitFor();
      await context.close();
    });

    it('stops a loop that never ends', async () => {
      const { page, context } = await openPage(browser);
      await page.goto(`${site.address}#policy?${QUICK}`);
      await write(page, 'for (;;);\nexport default {};');
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText(/3 seconds without coming back/).waitFor();
      expect(await page.locator('iframe').count()).toBe(0);
      await context.close();
    });

    it('gives the code neither the page, nor the network, nor what the browser keeps', async () => {
      const { page, context } = await openPage(browser);
      const asked: string[] = [];
      const server = createServer(({ url }, response) => {
        asked.push(url ?? '');
        response.setHeader('access-control-allow-origin', '*').end();
      });
      await new Promise<void>((resolve) => server.listen(0, resolve));
      const elsewhere = `localhost:${(server.address() as AddressInfo).port}`;
      await page.goto(`${site.address}#policy?${QUICK}`);
      // A policy whose name tells what the code could reach.
      await write(
        page,
        `import { raster } from '@tessera/core';
const found = [];
if (typeof document !== 'undefined' || typeof window !== 'undefined') found.push('page');
try { importScripts('http://${elsewhere}/a'); found.push('importScripts'); } catch {}
try { const request = new XMLHttpRequest(); request.open('GET', 'http://${elsewhere}/b', false); request.send(); found.push('XMLHttpRequest'); } catch {}
fetch('http://${elsewhere}/c', { mode: 'no-cors' }).catch(() => {});
new Function('return import("http://${elsewhere}/d")')().catch(() => {});
try { new WebSocket('ws://${elsewhere}/e'); } catch {}
try { indexedDB.open('a'); found.push('indexedDB'); } catch {}
throw new Error('reached: ' + (found.join(' ') || 'nothing'));
export default raster();`,
      );
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText('reached: nothing').waitFor();
      await page.waitForTimeout(300);
      expect(asked).toEqual([]);
      // The server can be reached, only not from there.
      await fetch(`http://${elsewhere}/here`);
      expect(asked).toEqual(['/here']);
      server.close();
      await context.close();
    });
  });

  it('works without a network after the first visit', async () => {
    const { page, context, errors } = await openPage(browser);
    await page.goto(`${site.address}#generate?${QUICK}`);
    await drawn(page);
    const before = await pixelsOf(page);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while ((await (await caches.open('tessera-large')).keys()).length < 2)
        await new Promise(requestAnimationFrame);
    });
    await context.setOffline(true);
    await page.reload();
    await drawn(page);
    expect(await pixelsOf(page)).toEqual(before);
    await page.getByRole('link', { name: 'Write a policy' }).click();
    await page.locator('.cm-content').waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it('runs on one thread where the host sends no headers, says so, and has them on the next visit', async () => {
    const { page, context } = await openPage(browser, { device: 'wasm' });
    await context.route(`${site.address}`, async (route) => {
      const response = await route.fetch();
      const {
        'cross-origin-opener-policy': _,
        'cross-origin-embedder-policy': __,
        ...headers
      } = response.headers();
      await route.fulfill({ response, headers });
    });
    await page.goto(`${site.address}#generate?${QUICK}`);
    await drawn(page);
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    await page.getByText('A note on how it runs here').click();
    await page.getByText(/Only one thread is used.*Reload it once/).waitFor();
    await page.waitForFunction(() => navigator.serviceWorker.controller);
    await context.unroute(`${site.address}`);
    await page.reload();
    await drawn(page);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    await context.close();
  });

  it.each(['light', 'dark'] as const)(
    'has no fault that axe-core finds, in %s colours',
    async (colorScheme) => {
      const { page, context } = await openPage(browser, { colorScheme });
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      expect(await violations(page)).toEqual([]);
      for (const [name, ready] of [
        ['Compare', '.lanes'],
        ['Edit', '[role=application]'],
        ['Write a policy', '.cm-content'],
        ['Take it home', 'pre'],
      ] as const) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.locator(ready).first().waitFor();
        expect(await violations(page), name).toEqual([]);
      }
      await context.close();
    },
  );

  it('fits a phone: nothing is wider than 360 pixels', async () => {
    const { page, context } = await openPage(browser, {
      viewport: { width: 360, height: 740 },
      isMobile: true,
    });
    for (const view of ['generate', 'compare', 'edit', 'policy', 'code']) {
      await page.goto(`${site.address}#${view}`);
      await page.locator('main h1').waitFor({ state: 'attached' });
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(360);
    }
    await context.close();
  });

  it('is at most 150 KB gzipped, without ONNX Runtime and the editor', async () => {
    const assets = join(site.folder!, 'assets');
    const names = (await readdir(assets)).filter((name) => name.endsWith('.js'));
    const onDemand = /^(code-editor|module-source|policy-sandbox|wasm-worker|webgpu-worker)-/;
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

describeInBrowser('the code to take home for the browser', () => {
  it('runs as it is pasted into a Vite project, and draws the picture that it stands for', async () => {
    const settings = { ...DEFAULT_SETTINGS, guidance: 1 };
    const project = await viteProject(browserCode(settings, EMBEDDED).files);
    const browser = await openBrowser();
    try {
      const { page, errors } = await openPage(browser);
      await page.goto(project.address);
      await page.locator('canvas').waitFor();
      const rgba = await page.locator('canvas').evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        return [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data];
      });
      const model = await loadModel(modelFolder);
      const run = recordRun({ ...settings, model, ...generationOf(settings, model.manifest) });
      const { data } = await finishedRun(run);
      await model.dispose();
      // Another backend rounds differently.
      const largest = data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - rgba[Math.floor(i / 3) * 4 + (i % 3)]!)),
        0,
      );
      expect(largest).toBeLessThanOrEqual(8);
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await project.close();
    }
  });
});

describeInBrowser('the development server of the playground', () => {
  it('draws, and runs a policy in its sandbox', async () => {
    const site = await developmentSite();
    const browser = await openBrowser();
    try {
      const { page, errors } = await openPage(browser);
      await page.goto(`${site.address}#generate?${QUICK}`);
      await drawn(page);
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      await page.getByRole('link', { name: 'Write a policy' }).click();
      await page.locator('.cm-content').waitFor();
      await page.getByRole('button', { name: 'Spiral' }).click();
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText('Every position is decoded exactly once').waitFor();
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await site.close();
    }
  });
});

async function finishedRun(run: Run): Promise<ImageRgb> {
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value.image;
  }
}

/** The same file under a name with the given ending. */
async function withName(path: string, ending: string): Promise<string> {
  const { copyFile } = await import('node:fs/promises');
  await copyFile(path, `${path}${ending}`);
  return `${path}${ending}`;
}
