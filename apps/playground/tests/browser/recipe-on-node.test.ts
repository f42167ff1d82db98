import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@tessera/cli';
import { readPng } from '@tessera/runtime-node';
import { expect, it } from 'vitest';
import { describePlayground } from './describe-playground.js';
import { drawn } from './open-page.js';

/** Of 255. Without FTS: that chooses tokens by computed numbers, and rounding may tip the balance. */
const TOLERANCE = 2;

describePlayground(
  'a picture',
  (playground) => {
    it('is drawn by the command line from its PNG, but for rounding', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tessera-recipe-'));
      const { page, context } = await playground.open();
      try {
        await page.goto(`${playground.address}#generate?class=3&seed=7&guidance=2&policy=gtr-16-no-fts`);
        await drawn(page);
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name: 'PNG' }).click(),
        ]);
        const there = join(folder, 'there.png');
        await download.saveAs(there);

        const said: string[] = [];
        const stream = { write: (text: string) => said.push(text) > 0 };
        const out = join(folder, 'here');
        const code = await run(['generate', '--recipe', there, '--device', 'cpu', '--out', out], {
          stdout: stream,
          stderr: stream,
          env: {},
          signal: new AbortController().signal,
        });
        expect(said.join(''), String(code)).not.toMatch(/error/i);
        expect(code).toBe(0);
        const [a, b] = [await readPng(there), await readPng(join(out, download.suggestedFilename()))];
        expect([b.width, b.height]).toEqual([a.width, a.height]);
        const largest = a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
        expect(largest).toBeLessThanOrEqual(TOLERANCE);
      } finally {
        await context.close();
        await rm(folder, { recursive: true });
      }
    });
  },
  { models: 'embedded' },
);
