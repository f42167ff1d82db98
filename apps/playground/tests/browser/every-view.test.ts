import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { violations } from './accessibility.js';
import { describePlayground } from './describe-playground.js';
import { drawn, QUICK } from './open-page.js';

describePlayground('every view', (playground) => {
  it.each(['light', 'dark'] as const)(
    'has no fault that axe-core finds, in %s colours',
    async (colorScheme) => {
      const { page, context } = await playground.open({ colorScheme });
      await page.goto(`${playground.address}#generate?${QUICK}`);
      await drawn(page);
      expect(await violations(page)).toEqual([]);
      for (const [name, ready] of [
        ['Compare', '.variants'],
        ['Edit', '[role=application]'],
        ['Write a policy', '.cm-content'],
        ['Export code', 'pre'],
      ] as const) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.locator(ready).first().waitFor();
        expect(await violations(page), name).toEqual([]);
      }
      await context.close();
    },
  );

  it('is reached by a link whose name is what it reads, on a phone too', async () => {
    for (const [width, last] of [
      [1280, 'Export code'],
      [360, 'Code'],
    ] as const) {
      const { page, context } = await playground.open({ viewport: { width, height: 740 } });
      await page.goto(`${playground.address}#edit`);
      await page.getByRole('link', { name: last, exact: true }).click();
      await page.getByRole('heading', { name: 'Export code' }).waitFor();
      await context.close();
    }
  });

  it('says of the packages, as the README does, that they are not in the registry yet', async () => {
    const sentence = 'The packages are not in the npm registry yet';
    const readme = await readFile(new URL('../../../../README.md', import.meta.url), 'utf8');
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#code`);
    await page.getByRole('heading', { name: 'Export code' }).waitFor();
    expect(await page.getByText(sentence).count()).toBe(readme.includes(sentence) ? 1 : 0);
    await context.close();
  });

  it('fits a phone: nothing is wider than 360 pixels', async () => {
    const { page, context } = await playground.open({
      viewport: { width: 360, height: 740 },
      isMobile: true,
    });
    const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
    const raced = () => page.getByText('The race is over').waitFor();
    const views: Readonly<Record<string, () => Promise<void>>> = {
      Generate: () => drawn(page),
      async Compare() {
        await press(/^Race/);
        await raced();
      },
      async Edit() {
        await page.getByRole('application').focus();
        await page.keyboard.press('Space');
        await press('Renew what is painted');
        await page.getByText('byte for byte the same').waitFor();
      },
      async Policy() {
        await page.locator('.cm-content').waitFor();
        await press('Run');
        await raced();
      },
      Code: () => page.locator('pre').first().waitFor(),
    };
    await page.goto(`${playground.address}#generate?${QUICK}&compare=gtr-16.gtr-16-no-fts`);
    for (const [name, fill] of Object.entries(views)) {
      await page.getByRole('link', { name, exact: true }).click();
      await fill();
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(360);
    }
    await context.close();
  });
});
