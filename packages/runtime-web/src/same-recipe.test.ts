import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GeneratedImage, generateImages, keyedNoise, randomOrder } from '@tessera/core';
import { loadModel } from '@tessera/runtime-node';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../tests/support/browser.js';
import { embeddedModel, writeSmallModel } from './testing/host/model-folders.js';
import { type PageServer, servePage } from './testing/host/page-server.js';
import { openPage, type TestPage } from './testing/host/test-page.js';

/** Largest deviations from Node's CPU: of tokens, which are of unit order, and of pixels in 0 … 255. */
const TOLERANCE = { tokens: 1e-2, pixels: 2 };

const DEVICES = {
  'WebAssembly with one thread': { build: 'wasm', device: 'wasm', threads: 1 },
  'WebAssembly with two threads': { build: 'wasm', device: 'wasm', threads: 2 },
  WebGPU: { build: 'webgpu', device: 'webgpu', threads: 1 },
} as const;

/** In software a step of the embedded model takes WebGPU seconds, so there it is the small one. */
const CASES = [
  ['WebAssembly with one thread', 'embedded'],
  ['WebAssembly with two threads', 'embedded'],
  ['WebAssembly with one thread', 'small'],
  ['WebGPU', 'small'],
] as const;

describeInBrowser('the same recipe', () => {
  const recipe = { seed: 7, classLabel: 3, steps: 6, diffusionSteps: 20 };
  const expected: Record<string, GeneratedImage> = {};
  let place: string;
  let browser: Browser;
  let server: PageServer;
  let page: TestPage;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'tessera-web-'));
    const folders = { small: join(place, 'small'), embedded: embeddedModel };
    await writeSmallModel(folders.small);
    for (const [name, folder] of Object.entries(folders)) {
      const model = await loadModel(folder, { device: 'cpu' });
      const images = [{ seed: recipe.seed, input: { classLabel: recipe.classLabel } }];
      [expected[name]] = (await generateImages({ model, requests: images, policy: randomOrder(recipe) })) as [
        GeneratedImage,
      ];
      await model.dispose();
    }
    server = await servePage(folders);
    browser = await openBrowser();
    page = await openPage(browser, server);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(place, { recursive: true, force: true });
  });

  it.each(CASES)(
    'has on %s the plan and the noise of Node, bit for bit, and its pixels but for rounding (%s model)',
    async (name, folder) => {
      const model = await page.load({ folder: `/${folder}/`, ...DEVICES[name], verify: false });
      expect(model).toMatchObject({ device: DEVICES[name].device, threads: DEVICES[name].threads });
      const drawn = await page.draw(model, recipe);
      const noise = await page.noise(model, 7, 4096);
      await page.dispose(model);

      const { steps, grid, image } = expected[folder]!;
      expect(drawn.failure).toBeUndefined();
      expect(drawn.plan).toEqual(
        steps.map(({ plan }) => ({
          stage: plan.stage,
          positions: [...plan.positions],
          diffusionSteps: [...plan.diffusionSteps],
        })),
      );
      const here = keyedNoise({ seed: 7 }).normal(new Float32Array(4096));
      expect(noise).toEqual({ page: here, worker: here });
      expect(largestDifference(drawn.tokens, grid.tokens)).toBeLessThan(TOLERANCE.tokens);
      expect(largestDifference(drawn.pixels, image.data)).toBeLessThanOrEqual(TOLERANCE.pixels);
      // A picture of one colour would agree with many.
      expect(new Set(drawn.pixels).size).toBeGreaterThan(50);
    },
  );
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a).toHaveLength(b.length);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
