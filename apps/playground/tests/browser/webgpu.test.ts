import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { pixelsOf } from './open-page.js';

describePlayground(
  'WebGPU',
  (playground) => {
    // In software a step takes seconds, so one token is drawn.
    it('gives the recorded sample of the embedded model, and renews a part of a picture', {
      timeout: 400_000,
    }, async () => {
      const { page, errors } = await playground.open({ device: 'webgpu' });
      page.setDefaultTimeout(300_000);
      await page.goto(`${playground.address}#edit?class=3&seed=7&guidance=1&policy=gtr-16-no-fts`);
      const png = await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 200 } });
      await page
        .getByLabel('Picture file')
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png });
      const surface = page.getByRole('application');
      await surface.focus();
      await page.getByLabel('Brush').fill('1');
      await surface.focus();
      await page.keyboard.press('Space');
      await page.getByText('1 of 256 tokens will be drawn anew').waitFor();
      await page.getByRole('button', { name: 'Renew what is painted' }).click();
      await page.getByText(/All [\d,]+ kept pixels are byte for byte the same/).waitFor();
      await page
        .getByText(/^WebGPU/)
        .first()
        .waitFor();
      // Noted once the sample came out right; else the device would have been refused.
      const notes = await page.evaluate(async () => {
        const keys = await (await caches.open('tessera-models')).keys();
        return keys.filter(({ url }) => decodeURIComponent(url).includes('/right/')).length;
      });
      expect(notes).toBe(1);
      const [before, after] = [await pixelsOf(page, 0), await pixelsOf(page, 1)];
      const changed = before.filter((value, i) => after[i] !== value).length;
      expect(changed).toBeGreaterThan(0);
      expect(changed).toBeLessThanOrEqual(13 * 13 * 3);
      expect(errors).toEqual([]);
    });
  },
  { models: 'embedded' },
);
