import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../../tests/support/browser.js';
import { developmentSite } from './built-site.js';
import { drawn, openPage, QUICK } from './open-page.js';

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
