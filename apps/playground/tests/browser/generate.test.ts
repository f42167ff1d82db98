import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecipe } from '@tessera/cli';
import { classesOf, manifestHash, parseManifest } from '@tessera/format';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openBrowser } from '../../../../tests/support/browser.js';
import { MODEL_PATHS } from '../../src/model-loading/model-paths.js';
import { recipeOfPicture } from '../../src/recipe/recipe.js';
import { ADVISED } from '../../src/settings/settings.js';
import { describePlayground } from './describe-playground.js';
import { drawn, openPage, pixelsOf, QUICK } from './open-page.js';

const step = (page: Page) => page.getByLabel('Step of the picture’s making');

describePlayground(
  'Generate, with the models that come with it',
  (playground) => {
    it('draws what a link says, the same picture each time', async () => {
      const { page, context, errors } = await playground.open();
      await page.goto(`${playground.address}#generate?${QUICK}`);
      await drawn(page);
      const first = await pixelsOf(page);
      expect(new Set(first).size).toBeGreaterThan(50);
      await page.getByRole('button', { name: 'Draw', exact: true }).click();
      await page.getByRole('button', { name: 'Stop' }).waitFor();
      await drawn(page);
      expect(await pixelsOf(page)).toEqual(first);
      await page.getByRole('button', { name: 'Copy link' }).click();
      const link = page.url();
      expect(link).toContain('seed=7');
      const other = await playground.open();
      await other.page.goto(link);
      await drawn(other.page);
      expect(await pixelsOf(other.page)).toEqual(first);
      expect([...errors, ...other.errors]).toEqual([]);
      await other.context.close();
      await context.close();
    });
  },
  { models: 'embedded' },
);

describePlayground('Generate', (playground) => {
  it('scrubs through the making of the picture by keys and by mouse', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
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
    expect(await step(page).getAttribute('aria-valuetext')).toMatch(/^Step 2 of 16, generation: \d+ tokens/);
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

  it('saves a picture whose recipe the command line takes', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    const [png] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'PNG' }).click(),
    ]);
    expect(png.suggestedFilename()).toBe('00003-mushroom.png');
    const folder = await mkdtemp(join(tmpdir(), 'tessera-saved-'));
    await png.saveAs(join(folder, 'picture.png'));
    const recipe = await readRecipe(join(folder, 'picture.png'));
    expect(recipe).toMatchObject({ seed: 7, images: [{ index: 3, className: 'mushroom' }] });
    expect(recipe.sampling).toMatchObject({ guidance: { schedule: 'linear', scale: 1 }, temperature: 0.8 });
    const [json] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Recipe' }).click(),
    ]);
    await json.saveAs(join(folder, 'recipe.json'));
    expect(await readRecipe(join(folder, 'recipe.json'))).toEqual(recipe);
    await rm(folder, { recursive: true });
    await context.close();
  });

  it('draws the picture of a recipe that is opened, and says so where it can’t', async () => {
    const settings = {
      ...ADVISED.class,
      condition: { kind: 'class' as const, classLabel: 8 },
      seed: 21,
      guidance: 1,
    };
    const manifest = parseManifest(
      await readFile(join(playground.folder, MODEL_PATHS.class, 'mar.json'), 'utf8'),
    );
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
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    const input = page.getByLabel('File to open');
    await input.setInputFiles(file({ ...recipe, seed: 2 ** 40 }));
    await page.getByText('asks for more than can be set here').waitFor();
    await input.setInputFiles(file({}));
    await page.getByText('There is no recipe in this file').waitFor();
    await input.setInputFiles(file(recipe));
    await page.getByText(`${classesOf(manifest).names![8]}, seed 21`).waitFor();
    await drawn(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    await context.close();
  });

  it('moves nothing when the model is there', async () => {
    const { page, context } = await playground.open({ serviceWorkers: 'block' });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await context.route('**/model/onnx/decoder.onnx', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await page.getByLabel('Loading').waitFor();
    const place = await page.locator('.hero').boundingBox();
    release();
    await drawn(page);
    expect(await page.locator('.hero').boundingBox()).toEqual(place);
    await context.close();
  });

  // It is asked for again after 1, 2, 4 and 8 seconds, while the next test runs.
  it.concurrent('says what to do where the model can’t be fetched, and goes on when it can', async () => {
    const { page, context } = await playground.open({ serviceWorkers: 'block' });
    await context.route('**/model/onnx/decoder.onnx', (route) => route.abort());
    await page.goto(`${playground.address}#generate?${QUICK}`);
    const alarm = page.getByRole('alert');
    await alarm.waitFor();
    expect(await alarm.textContent()).toMatch(/A file of the model could not be loaded\..*load again/s);
    expect(await alarm.count()).toBe(1);
    await context.unroute('**/model/onnx/decoder.onnx');
    await page.getByRole('button', { name: 'Load again' }).click();
    await drawn(page);
    expect(await alarm.count()).toBe(0);
    await context.close();
  });

  it.concurrent('says so where a graphics card was asked for and there is none', async () => {
    const without = await openBrowser({ webgpu: false, compilesOnce: true });
    const { page } = await openPage(without, { device: 'webgpu' });
    await page.goto(`${playground.address}#generate?${QUICK}`);
    const alarm = page.getByRole('alert');
    await alarm.waitFor();
    expect(await alarm.textContent()).toMatch(/can’t use the device.*Choose “Automatic” or “WebAssembly”/s);
    await page.getByLabel('Device').selectOption('wasm-1');
    await drawn(page);
    expect(await alarm.count()).toBe(0);
    await page.getByText('WebAssembly, 1 thread', { exact: true }).waitFor();
    await without.close();
  });
});
