import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { pixelsOf, QUICK } from './open-page.js';

describePlayground('Compare', (playground) => {
  it('compares policies side by side and shows what differs', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#compare?${QUICK}&compare=gtr-16.gtr-16-no-fts`);
    await page.getByRole('button', { name: 'Race for a mushroom' }).click();
    await page.getByText('The race is over').waitFor();
    const plain = await pixelsOf(page, 0);
    expect(await page.locator('.variants li').count()).toBe(2);
    // The rows of all cards stay in line.
    const tops = await page
      .locator('.variants .ratio')
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
    expect(await page.locator('.variants .ratio').nth(0).textContent()).toMatch(
      /Speed\s*1×, the others are measured/,
    );
    expect(await page.locator('.variants .ratio').nth(1).textContent()).toMatch(/Speed\s*\d+\.\d+× as fast/);
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

  it('lets two to six policies race, and no more', async () => {
    const { page, context, errors } = await playground.open();
    const six = 'gtr-16-no-fts.gtr-16.gtr-16-quincunx.gtr-32.disa.mar';
    await page.goto(`${playground.address}#compare?${QUICK}&compare=${six}`);
    expect(await page.getByLabel('Halton, 64 steps').isDisabled()).toBe(true);
    for (const title of ['GtR, 32 steps', 'DiSA, 64 steps', 'MAR, 64 steps']) {
      await page.getByLabel(title, { exact: true }).uncheck();
    }
    expect(await page.getByLabel('Halton, 64 steps').isDisabled()).toBe(false);
    await page.getByRole('button', { name: /^Race/ }).click();
    await page.getByText('The race is over').waitFor();
    expect(await page.locator('.variants li').count()).toBe(3);
    const pictures = await Promise.all([0, 1, 2].map((index) => pixelsOf(page, index)));
    expect(new Set(pictures.map(String)).size).toBe(3);
    expect(errors).toEqual([]);
    await context.close();
  });
});
