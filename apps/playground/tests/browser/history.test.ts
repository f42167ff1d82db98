import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf, QUICK } from './open-page.js';

describePlayground('the history', (playground) => {
  it('keeps several pictures over a reload, with their settings and files', async () => {
    const { page, context, errors } = await playground.open();
    const made = page.getByRole('region', { name: 'Pictures made before' });
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByLabel('Pictures', { exact: true }).selectOption('2');
    await page.getByRole('button', { name: 'Draw 2' }).click();
    await made.getByRole('button', { name: /^mushroom, seed 8, GtR/ }).waitFor();
    await page.getByText('seed 8', { exact: false }).first().waitFor();
    const second = await pixelsOf(page);
    expect(await made.getByRole('listitem').count()).toBe(3);

    await page.getByLabel('Seed', { exact: true }).fill('99');
    await page.goto(`${playground.address}#generate?${QUICK.replace('seed=7', 'seed=5')}`);
    await page.reload();
    await drawn(page);
    const kept = made.getByRole('button', { name: /^mushroom, seed 8, GtR/ });
    await kept.click();
    await drawn(page);
    expect(await pixelsOf(page)).toEqual(second);
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('8');
    const [png] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'PNG' }).click(),
    ]);
    expect(png.suggestedFilename()).toBe('00003-mushroom.png');
    await made.getByRole('button', { name: 'Delete', exact: true }).click();
    await kept.waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
    await context.close();
  });

  it('estimates the time of the next picture from those that were made', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByText(/^about [\d.]+ (ms|s)$/).waitFor();
    await context.close();
  });

  it('says what a seed can be while it is typed', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByLabel('Seed', { exact: true }).fill('-3');
    await page.getByText('A seed is a whole number from 0 to 4,294,967,295.').waitFor();
    await page.getByLabel('Seed', { exact: true }).fill('12');
    await page.getByText('A seed is a whole number').waitFor({ state: 'detached' });
    await context.close();
  });

  it('of settings is one for each view: what is set in one changes nothing in another', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    await page.getByRole('link', { name: 'Compare', exact: true }).click();
    await page.getByLabel('Seed', { exact: true }).fill('1234');
    const seed = () => page.getByLabel('Seed', { exact: true }).inputValue();
    await page.getByRole('link', { name: 'Generate', exact: true }).click();
    await expect.poll(seed).toBe('7');
    await page.getByRole('link', { name: 'Compare', exact: true }).click();
    await expect.poll(seed).toBe('1234');
    await context.close();
  });
});
