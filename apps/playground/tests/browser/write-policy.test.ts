import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn, pixelsOf, QUICK } from './open-page.js';

describePlayground('Write a policy', (playground) => {
  const write = async (page: Page, code: string) => {
    const editor = page.locator('.cm-content');
    await editor.click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(code);
  };

  it('checks a policy, draws with it beside GtR, and brings it back by link without running it', async () => {
    const { page, context, errors } = await playground.open();
    await page.goto(`${playground.address}#policy?${QUICK}`);
    await page.getByRole('button', { name: 'Spiral' }).click();
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('Every position is decoded exactly once').waitFor();
    await page.getByText('The race is over').waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText(/The link is/).waitFor();
    const own = await pixelsOf(page, 0);
    await page.getByRole('button', { name: 'Use it under Generate' }).click();
    await drawn(page);
    expect(await pixelsOf(page)).toEqual(own);
    await page.waitForURL(/#generate\?.*own=/);
    const other = await playground.open();
    await other.page.goto(page.url());
    await other.page.getByText('It has not been run').waitFor();
    expect(await other.page.locator('iframe').count()).toBe(0);
    await other.page.getByRole('button', { name: 'Draw', exact: true }).click();
    await drawn(other.page);
    expect(await pixelsOf(other.page)).toEqual(own);
    const policy = other.page.getByLabel('Policy', { exact: true });
    await policy.selectOption('raster');
    await policy.selectOption('own');
    await other.page.getByText('The policy that you wrote').waitFor();
    expect([...errors, ...other.errors]).toEqual([]);
    await other.context.close();
    const cut = await playground.open();
    await cut.page.goto(page.url().replace(/(own=[^&]{20}).*/, '$1'));
    await cut.page.getByText('ask for it again').waitFor();
    await cut.page.getByText('Each step decodes some tokens').waitFor();
    expect(await cut.page.getByRole('button', { name: 'Draw', exact: true }).isEnabled()).toBe(true);
    await cut.context.close();
    await context.close();
  });

  it('says beside the code what is wrong with it', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#policy?${QUICK}`);
    await write(
      page,
      "import { plannedPolicy, stepPlan } from '@tessera/core';\nexport default plannedPolicy('few', function* () {\n  yield stepPlan('a', [0, 1], 5);\n});",
    );
    await page.getByRole('button', { name: 'Run' }).click();
    await page
      .getByText(/the plans are over and name/)
      .first()
      .waitFor();
    await write(page, "const a = 1;\n\nthrow new Error('on purpose');\nexport default a;");
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('Line 3.').waitFor();
    await write(page, 'export default { step( };');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('This is not JavaScript', { exact: false }).first().waitFor();
    await context.close();
  });

  it('stops a loop that never ends', async () => {
    const { page, context } = await playground.open();
    await page.goto(`${playground.address}#policy?${QUICK}`);
    await write(page, 'for (;;);\nexport default {};');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText(/3 seconds without coming back/).waitFor();
    expect(await page.locator('iframe').count()).toBe(0);
    await context.close();
  });

  it('gives the code neither the page, nor the network, nor what the browser keeps', async () => {
    const { page, context } = await playground.open();
    const asked: string[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url ?? '');
      response.setHeader('access-control-allow-origin', '*').end();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const elsewhere = `localhost:${(server.address() as AddressInfo).port}`;
    await page.goto(`${playground.address}#policy?${QUICK}`);
    // A policy whose name tells what the code could reach.
    await write(
      page,
      `import { raster } from '@tessera/core';
const found = [];
if (typeof document !== 'undefined' || typeof window !== 'undefined') found.push('page');
try { importScripts('http://${elsewhere}/a'); found.push('importScripts'); } catch {}
try { const request = new XMLHttpRequest(); request.open('GET', 'http://${elsewhere}/b', false); request.send(); found.push('XMLHttpRequest'); } catch {}
fetch('http://${elsewhere}/c', { mode: 'no-cors' }).catch(() => {});
new Function('return import("http://${elsewhere}/d")')().catch(() => {});
try { new WebSocket('ws://${elsewhere}/e'); } catch {}
try { indexedDB.open('a'); found.push('indexedDB'); } catch {}
throw new Error('reached: ' + (found.join(' ') || 'nothing'));
export default raster();`,
    );
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('reached: nothing').waitFor();
    await page.waitForTimeout(300);
    expect(asked).toEqual([]);
    // The server can be reached, only not from there.
    await fetch(`http://${elsewhere}/here`);
    expect(asked).toEqual(['/here']);
    server.close();
    await context.close();
  });
});
