import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { compressText } from '../../src/settings/text-compression.js';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf, QUICK, SLOW } from './open-page.js';

describePlayground('what is kept', (playground) => {
  /** Opens a picture under Edit: what the page itself looks like. */
  const editPicture = async (page: Page): Promise<void> => {
    const buffer = await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 150 } });
    await page.goto(`${playground.address}#edit?${QUICK}`);
    await page.getByLabel('Picture file').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer });
  };

  it('is the draft of a policy, over tabs, links and reloads; an example can be undone', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#policy?${QUICK}`);
    const editor = page.locator('.cm-content');
    const isMine = async () => (await editor.textContent())?.includes('// mine');
    await editor.click();
    await page.keyboard.press('ControlOrMeta+Home');
    await page.keyboard.type('// mine');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText(/The link is/).waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByRole('link', { name: 'Write a policy', exact: true }).click();
    await editor.waitFor();
    expect(await isMine()).toBe(true);
    await page.getByRole('button', { name: 'Spiral' }).click();
    expect(await isMine()).toBe(false);
    await editor.focus();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await isMine()).toBe(true);
    await page.reload();
    await editor.waitFor();
    expect(await isMine()).toBe(true);
    await page.goto(`${playground.address}#policy?own=${await compressText('export default 1;')}`);
    await page.getByText('This code came with a link').waitFor();
    expect(await isMine()).toBe(false);
    await page.reload();
    await page.getByRole('button', { name: 'Bring back what you wrote' }).click();
    expect(await isMine()).toBe(true);
    expect(await page.getByRole('button', { name: 'Bring back what you wrote' }).count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it('is what is marked for an edit, and every setting when the page is left and loaded again', async () => {
    const { page, context } = await playground.open();
    await editPicture(page);
    await page.getByRole('application').focus();
    await page.keyboard.press('Space');
    const caption = page.getByText(/^9 of \d+ tokens will be drawn anew/);
    await caption.waitFor();
    await page.getByLabel('Seed', { exact: true }).fill('99');
    await page.getByRole('link', { name: 'Compare', exact: true }).click();
    await page.getByRole('button', { name: /^Race/ }).waitFor();
    await page.goBack();
    await caption.waitFor();
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('99');
    await page.waitForURL(/#edit\?.*seed=99/);
    await page.reload();
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('99');
    await context.close();
  });

  it('is a picture opened for an edit, nothing marked, when another is drawn meanwhile', async () => {
    const { page, context } = await playground.open();
    await editPicture(page);
    await page.getByText('Paint here').waitFor();
    const opened = await pixelsOf(page);
    await page.getByRole('link', { name: 'Generate', exact: true }).click();
    await drawn(page);
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByRole('button', { name: 'Take the drawn' }).waitFor();
    expect(await pixelsOf(page)).toEqual(opened);
    await context.close();
  });

  it('is the focus, on the one button that begins and stops', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#generate?${SLOW}`);
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.getByRole('button', { name: 'Stop', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('stopped after').waitFor();
    expect(await focused()).toBe('Draw');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    expect(await focused()).toBe('Stop');
    await context.close();
  });

  it('is the focus in sight on a phone, with nothing above it', async () => {
    const { page, context } = await playground.open({
      viewport: { width: 360, height: 740 },
      isMobile: true,
    });
    for (const view of ['generate', 'compare', 'edit']) {
      await page.goto(`${playground.address}#${view}?${QUICK}`);
      await page.locator('.go button').focus();
      let focused = 0;
      for (; ; focused++) {
        await page.keyboard.press('Tab');
        const covering = await page.evaluate(() => {
          const { activeElement, body } = document;
          if (!activeElement || activeElement === body) return 'the end';
          const { left, top, width, height } = activeElement.getBoundingClientRect();
          const above = document.elementFromPoint(left + width / 2, top + height / 2);
          const isFree = activeElement.contains(above) || above?.contains(activeElement);
          return isFree ? '' : `${activeElement.outerHTML} lies behind ${above?.outerHTML}`;
        });
        if (covering === 'the end') break;
        expect(covering, view).toBe('');
      }
      expect(focused, view).toBeGreaterThan(4);
    }
    await context.close();
  });

  it('is the button in reach on a phone', async () => {
    const { page, context } = await playground.open({
      viewport: { width: 360, height: 740 },
      isMobile: true,
    });
    for (const view of ['generate', 'compare', 'edit']) {
      await page.goto(`${playground.address}#${view}`);
      const box = (await page.locator('.go > .button').boundingBox())!;
      expect(box.y + box.height, view).toBeLessThanOrEqual(740);
    }
    await context.close();
  });
});
