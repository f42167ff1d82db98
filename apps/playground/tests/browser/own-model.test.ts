import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MODEL_PATHS } from '../../src/model-loading/model-paths.js';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf, QUICK } from './open-page.js';

describePlayground('a model of the user’s own', (playground) => {
  it('is loaded from an address, and a link to it waits for the user', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    const before = await pixelsOf(page);
    await page.locator('summary', { hasText: 'Model' }).click();
    await page.getByLabel('Address of a model folder').fill('ftp://example.org/model');
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.getByText('Only addresses of http and https can be loaded.').waitFor();
    await page.getByLabel('Address of a model folder').fill(`${playground.address}model/mar.json`);
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.getByLabel(/^Class/).waitFor();
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await drawn(page);
    expect(await pixelsOf(page)).toEqual(before);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText(/The link is/).waitFor();
    const other = await playground.open();
    await other.page.goto(page.url());
    await other.page.getByText('This link brings a model from').waitFor();
    await other.page.getByRole('button', { name: 'Draw', exact: true }).click();
    await drawn(other.page);
    expect(await pixelsOf(other.page)).toEqual(before);
    expect([...errors, ...other.errors]).toEqual([]);
    await other.context.close();
    await context.close();
  });

  it('is opened from a folder of the disk', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#generate?${QUICK}`);
    await drawn(page);
    const before = await pixelsOf(page);
    await page.locator('summary', { hasText: 'Model' }).click();
    await page
      .getByLabel('Model folder', { exact: true })
      .setInputFiles(join(playground.folder, MODEL_PATHS.class));
    await page.getByLabel(/^Class/).waitFor();
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await drawn(page);
    expect(await pixelsOf(page)).toEqual(before);
    expect(errors).toEqual([]);
    await context.close();
  });
});
