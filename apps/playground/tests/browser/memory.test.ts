import { expect, it } from 'vitest';
import { watchHeaps } from '../../../../packages/runtime-web/src/testing/host/heaps.js';
import { describePlayground } from './describe-playground.js';
import { drawAgain, drawn } from './open-page.js';

const KB = 1024;

/** Bytes that eight more pictures may add. Their steps are 1,500 KB of arrays; the history holds 10 KB of PNG a picture. */
const ALLOWED = { objects: 1024 * KB, arrays: (64 + 8 * 12) * KB };

describePlayground('memory', (playground) => {
  it('does not grow with the pictures that were drawn', async () => {
    const { page } = await playground.open();
    const heaps = await watchHeaps(page);
    await page.goto(
      `${playground.address}#generate?class=3&seed=7&guidance=1&temperature=0.8&policy=gtr-16-no-fts&diffusion=4`,
    );
    await drawn(page);
    const draw = async (count: number) => {
      for (let picture = 0; picture < count; picture++) {
        await drawAgain(page);
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
  });
});
