import type { ImageRgb } from '@tessera/core';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';
import { expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../../tests/support/browser.js';
import { browserCode, EMBEDDED } from '../../src/code-export/code-export.js';
import { generationOf } from '../../src/recipe/recipe.js';
import { recordRun } from '../../src/run/record-run.js';
import type { Run } from '../../src/run/step-record.js';
import { ADVISED } from '../../src/settings/settings.js';
import { openPage } from './open-page.js';
import { viteProject } from './vite-project.js';

describeInBrowser('the code exported for the browser', () => {
  it('runs as it is pasted into a Vite project, and draws the picture that it stands for', async () => {
    const settings = { ...ADVISED.class, guidance: 1 };
    const project = await viteProject(browserCode(settings, EMBEDDED.class).files);
    const browser = await openBrowser();
    try {
      const { page, errors } = await openPage(browser);
      await page.goto(project.address);
      await page.locator('canvas').waitFor();
      const rgba = await page.locator('canvas').evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        return [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data];
      });
      const model = await loadModel(modelFolder);
      const run = recordRun({ ...settings, model, ...generationOf(settings, model.manifest) });
      const { data } = await finishedRun(run);
      await model.dispose();
      // Another backend rounds differently.
      const largest = data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - rgba[Math.floor(i / 3) * 4 + (i % 3)]!)),
        0,
      );
      expect(largest).toBeLessThanOrEqual(8);
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await project.close();
    }
  });
});

async function finishedRun(run: Run): Promise<ImageRgb> {
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value.image;
  }
}
