import { join } from 'node:path';
import { writeTinyNitro } from '@tessera/runtime-node/testing';
import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf } from './open-page.js';

describePlayground(
  'a Nitro-AR from an address',
  (playground) => {
    it('says its size while it comes, draws prompts by the policy that it advises, and is kept', async () => {
      await writeTinyNitro(join(playground.folder, 'nitro'));
      const { page, context, errors } = await playground.open();
      await page.goto(`${playground.address}#generate?prompt=three+cherries&seed=7&guidance=1&policy=gtr-16`);
      await drawn(page);
      const sizes = page
        .getByText(/of \d+\.\d MB/)
        .first()
        .waitFor();
      await page.locator('summary', { hasText: 'Model' }).click();
      await page.getByLabel('Address of a model folder').fill(`${playground.address}nitro/`);
      await page.getByRole('button', { name: 'Load', exact: true }).click();
      await sizes;
      const prompt = page.getByLabel('Prompt', { exact: true });
      const draw = async (text: string): Promise<number[]> => {
        await prompt.fill(text);
        await page.getByRole('button', { name: 'Draw', exact: true }).click();
        await page.getByText(`${text}, seed 7`).waitFor();
        await drawn(page);
        return pixelsOf(page);
      };
      const fox = await draw('a red fox');
      expect(new Set(fox).size).toBeGreaterThan(2);
      expect(await draw('snow')).not.toEqual(fox);
      // What was kept is enough: no file of it is asked for again.
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.reload();
      await page.getByText('This link brings a model from').waitFor();
      await page.getByRole('button', { name: 'Draw', exact: true }).click();
      await drawn(page);
      expect(asked.filter((url) => url.endsWith('.onnx'))).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    });
  },
  { copy: true },
);
