import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { violations } from './accessibility.js';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf } from './open-page.js';

const prompt = (page: Page) => page.getByLabel('Prompt', { exact: true });
const QUICK_TEXT = 'prompt=three+cherries&seed=7&guidance=1&policy=gtr-lightgen&diffusion=4';

describePlayground('prompts', (playground) => {
  it('opens with a prompt box, draws what is written, and links bring it back', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK_TEXT}`);
    await drawn(page);
    expect(await prompt(page).inputValue()).toBe('three cherries');
    const cherries = await pixelsOf(page);
    await page.getByRole('button', { name: 'a red fox on snow', exact: true }).click();
    await page.getByLabel('Negative prompt').fill('a "blue" sky & more');
    await prompt(page).press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await drawn(page);
    await page.getByText('a red fox on snow, seed 7').waitFor();
    const fox = await pixelsOf(page);
    expect(fox).not.toEqual(cherries);
    await page.getByRole('button', { name: 'Copy link' }).click();
    const other = await playground.open();
    await other.page.goto(page.url());
    await drawn(other.page);
    expect(await prompt(other.page).inputValue()).toBe('a red fox on snow');
    expect(await other.page.getByLabel('Negative prompt').inputValue()).toBe('a "blue" sky & more');
    expect(await pixelsOf(other.page)).toEqual(fox);
    expect([...errors, ...other.errors]).toEqual([]);
    await other.context.close();
    await context.close();
  });

  it('marks words that the model does not know, and draws nothing for an empty box', async () => {
    const { page, context, errors } = await playground.open({ colorScheme: 'dark' });
    await page.goto(`${playground.address}#generate?${QUICK_TEXT}`);
    await drawn(page);
    await prompt(page).fill('a red blorb on snow');
    await page.getByText('The model doesn’t know “blorb”: it can only spell it.').waitFor();
    expect(await page.locator('mark').allTextContents()).toEqual(['blorb']);
    expect(await violations(page)).toEqual([]);
    await prompt(page).fill('');
    await page.getByRole('button', { name: 'Draw' }).click();
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('are raced, repainted and exported; classes are drawn by the other model', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#compare?${QUICK_TEXT}&compare=gtr-lightgen.gtr-16`);
    await page.getByRole('button', { name: 'Race for “three cherries”' }).click();
    await page.getByText('The race is over').waitFor();
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
    await page.getByRole('link', { name: 'Generate', exact: true }).click();
    await page.locator('summary', { hasText: 'Model' }).click();
    await page.getByLabel('Model folder', { exact: true }).setInputFiles(fileURLToPath(modelFolder));
    await page.getByLabel(/^Class/).waitFor();
    await page.getByRole('button', { name: 'embedded, draws prompts' }).click();
    await prompt(page).waitFor();
    await page.getByRole('button', { name: 'embedded, draws classes' }).click();
    await page.getByRole('radio', { name: 'cactus' }).check();
    await page.getByRole('button', { name: 'Draw' }).click();
    await page.getByText('cactus, seed 7').waitFor();
    await drawn(page);
    expect(errors).toEqual([]);
    await context.close();
  });
});
