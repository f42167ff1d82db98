import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn, QUICK } from './open-page.js';

describePlayground(
  'the page',
  (playground) => {
    it('leaves the page free while it draws', async () => {
      const { page, context } = await playground.open();
      await page.goto(`${playground.address}#generate?${QUICK}`);
      await drawn(page);
      const largest: number[] = [];
      // The best of five: other processes may have the processor.
      for (let tries = 0; tries < 5 && Math.min(...largest) >= 50; tries++) {
        largest.push(
          await page.evaluate(async () => {
            const press = (name: string) =>
              [...document.querySelectorAll('button')].find((each) => each.textContent === name)!;
            press('Draw').click();
            let gap = 0;
            let last = performance.now();
            do {
              await new Promise((resolve) => setTimeout(resolve));
              const now = performance.now();
              gap = Math.max(gap, now - last);
              last = now;
            } while (!document.body.textContent!.includes('head evaluations'));
            return gap;
          }),
        );
      }
      expect(Math.min(...largest)).toBeLessThan(50);
      await context.close();
    });

    it('stops within 200 ms and draws again at once', async () => {
      const { page, context } = await playground.open();
      await page.goto(`${playground.address}#generate?${QUICK.replace('gtr-16', 'mar')}`);
      await page.getByText(/Step [3-9] of/).waitFor();
      const took = await page.evaluate(async () => {
        const stop = [...document.querySelectorAll('button')].find((each) => each.textContent === 'Stop')!;
        const before = performance.now();
        stop.click();
        while (!document.body.textContent!.includes('stopped after'))
          await new Promise(requestAnimationFrame);
        return performance.now() - before;
      });
      expect(took).toBeLessThan(200);
      await page.getByLabel('Policy', { exact: true }).selectOption('gtr-16');
      await page.getByRole('button', { name: 'Draw', exact: true }).click();
      await drawn(page);
      await context.close();
    });
  },
  { models: 'embedded' },
);
