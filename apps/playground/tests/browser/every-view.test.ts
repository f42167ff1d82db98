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
    const { page, context } = await playground.open({
      viewport: { width: 360, height: 740 },
      isMobile: true,
    });
    for (const view of ['generate', 'compare', 'edit', 'policy', 'code']) {
      await page.goto(`${playground.address}#${view}`);
      await page.locator('main h1').waitFor({ state: 'attached' });
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(360);
    }
    await context.close();
  });
});
