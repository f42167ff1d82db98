import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { violations } from './accessibility.js';
import { describePlayground, type Playground } from './describe-playground.js';
import { drawn, pixelsOf, type WatchedPage } from './open-page.js';

const prompt = (page: Page) => page.getByLabel('Prompt', { exact: true });
const QUICK_TEXT = 'prompt=three+cherries&seed=7&guidance=1&policy=gtr-lightgen&diffusion=4';

/** Opens pages in one context: the model is fetched once. */
function visits(playground: Playground): (hash: string) => Promise<Page> {
  let opened: WatchedPage;
  beforeAll(async () => {
    opened = await playground.open();
  });
  afterAll(() => opened.context.close());
  return async (hash) => {
    const page = await opened.context.newPage();
    page.setDefaultTimeout(120_000);
    page.on('pageerror', (error) => expect.unreachable(error.message));
    await page.goto(playground.address + hash);
    return page;
  };
}

describePlayground(
  'prompts, with the model that comes with it',
  (playground) => {
    const visit = visits(playground);

    it('opens with a prompt box, draws what is written, and links bring it back', async () => {
      const page = await visit(`#generate?${QUICK_TEXT}`);
      await drawn(page);
      expect(await prompt(page).inputValue()).toBe('three cherries');
      const cherries = await pixelsOf(page);
      await page.getByRole('button', { name: 'a sailboat at sea', exact: true }).click();
      await page.getByLabel('Negative prompt').fill('a "blue" sky & more');
      await prompt(page).press('Enter');
      await page.getByRole('button', { name: 'Stop' }).waitFor();
      await drawn(page);
      await page.getByText('a sailboat at sea, seed 7').waitFor();
      const sailboat = await pixelsOf(page);
      expect(sailboat).not.toEqual(cherries);
      await page.getByRole('button', { name: 'Copy link' }).click();
      const other = await visit(new URL(page.url()).hash);
      await page.close();
      await drawn(other);
      expect(await prompt(other).inputValue()).toBe('a sailboat at sea');
      expect(await other.getByLabel('Negative prompt').inputValue()).toBe('a "blue" sky & more');
      expect(await pixelsOf(other)).toEqual(sailboat);
      await other.close();
    });
  },
  { models: 'embedded' },
);

describePlayground('prompts', (playground) => {
  const visit = visits(playground);

  it('marks words that the model does not know, and draws nothing for an empty box', async () => {
    const page = await visit(`#generate?${QUICK_TEXT}`);
    await drawn(page);
    await prompt(page).fill('a red blorb on snow');
    await page.getByText('The model doesn’t know “blorb”: it can only spell it.').waitFor();
    expect(await page.locator('mark').allTextContents()).toEqual(['blorb']);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // Colours pass over to the others.
      await page.waitForTimeout(300);
      expect(await violations(page), colorScheme).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await prompt(page).fill('');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    await page.close();
  });

  it('are raced, repainted and exported; classes are drawn by the other model', async () => {
    const known = QUICK_TEXT.replace('cherries', 'foxes');
    const page = await visit(`#compare?${known}&compare=gtr-lightgen.gtr-16`);
    await page.getByRole('button', { name: 'Race for “three foxes”' }).click();
    await page.getByText('The race is over').waitFor();
    await page.getByRole('button', { name: 'Find what they show' }).click();
    await page.locator('.found').first().waitFor();
    expect(await page.locator('.found').count()).toBe(2);
    expect(await page.locator('.found').first().textContent()).toMatch(/^\s*(As asked|Not as asked):\s*\S/);
    expect(await page.getByRole('button', { name: 'Find what they show' }).count()).toBe(0);
    await page.goto(`${playground.address}#edit?${QUICK_TEXT}`);
    await page.getByLabel('Picture file').setInputFiles({
      name: 'a.png',
      mimeType: 'image/png',
      buffer: await page.screenshot({ clip: { x: 0, y: 0, width: 128, height: 128 } }),
    });
    await page.getByRole('application').focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Renew what is painted' }).click();
    await page.getByText('byte for byte the same').waitFor();
    await page.goto(`${playground.address}#generate?${QUICK_TEXT}`);
    await drawn(page);
    await page.getByRole('link', { name: 'Export code' }).click();
    await page.getByText('input: { prompt: "three cherries" }').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Generate' }).click();
    await page.locator('summary', { hasText: 'Model' }).click();
    await page.getByLabel('Model folder', { exact: true }).setInputFiles(fileURLToPath(modelFolder));
    await page.getByLabel(/^Class/).waitFor();
    await page.getByRole('button', { name: 'embedded, draws prompts' }).click();
    await prompt(page).waitFor();
    await page.getByRole('button', { name: 'embedded, draws classes' }).click();
    await page.getByRole('radio', { name: 'cactus' }).check();
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await page.getByText('cactus, seed 7').waitFor();
    await drawn(page);
    await page.close();
  });
});
