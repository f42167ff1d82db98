import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../../packages/runtime-web/src/testing/host/browser.js';
import { watchHeaps } from '../../../../packages/runtime-web/src/testing/host/heaps.js';
import { builtSite } from './built-site.js';
import { openPage } from './open-page.js';

const KB = 1024;

/** Bytes that eight more pictures may add. Their steps are 1,500 KB of arrays. */
const ALLOWED = { objects: 1024 * KB, arrays: 64 * KB };

describeInBrowser('the memory of the playground', () => {
  it('does not grow with the pictures that were drawn', async () => {
    const site = await builtSite();
    const browser = await openBrowser();
    try {
      const { page } = await openPage(browser);
      const heaps = await watchHeaps(page);
      const finished = () => page.getByText('head evaluations', { exact: false }).first().waitFor();
      await page.goto(
        `${site.address}#generate?class=3&seed=7&guidance=1&temperature=0.8&policy=gtr-16-no-fts`,
      );
      await finished();
      const draw = async (count: number) => {
        for (let drawn = 0; drawn < count; drawn++) {
          await page.getByRole('button', { name: 'Draw' }).click();
          await page.getByRole('button', { name: 'Stop' }).waitFor();
          await finished();
        }
        return { page: await heaps.page(), worker: await heaps.worker() };
      };
      const before = await draw(4);
      const after = await draw(8);
      for (const thread of ['page', 'worker'] as const) {
        for (const kind of ['objects', 'arrays'] as const) {
          const added = after[thread][kind] - before[thread][kind];
          expect(added, `${thread}, ${kind}`).toBeLessThanOrEqual(ALLOWED[kind]);
        }
      }
    } finally {
      await browser.close();
      await site.close();
    }
  });
});
