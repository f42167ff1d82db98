import { type GeneratedImage, generateImages, keyedNoise, randomOrder } from '@tessera/core';
import { loadModel } from '@tessera/runtime-node';
import { beforeAll, expect, it } from 'vitest';
import { describeTestPage } from './testing/host/describe-test-page.js';
import { embeddedModel } from './testing/host/model-folders.js';
import type { TestPage } from './testing/host/test-page.js';

/** Largest deviations from Node's CPU: of tokens, which are of unit order, and of pixels in 0 … 255. */
const TOLERANCE = { tokens: 1e-2, pixels: 2 };

const DEVICES = {
  'WebAssembly with one thread': { build: 'wasm', device: 'wasm', threads: 1 },
  'WebAssembly with two threads': { build: 'wasm', device: 'wasm', threads: 2 },
  WebGPU: { build: 'webgpu', device: 'webgpu', threads: 1 },
} as const;

/** In software a step of the embedded model takes WebGPU seconds, so there it is the small one, in fewer steps. */
const CASES = [
  ['WebAssembly with one thread', 'model'],
  ['WebAssembly with two threads', 'model'],
  ['WebAssembly with one thread', 'small'],
  ['WebGPU', 'small'],
] as const;

describeTestPage('the same recipe', { compilesOnce: true }, (site) => {
  const recipes = {
    small: { seed: 7, classLabel: 3, steps: 3, diffusionSteps: 20 },
    model: { seed: 7, classLabel: 3, steps: 6, diffusionSteps: 20 },
  };
  const expected: Record<string, GeneratedImage> = {};
  let page: TestPage;
  beforeAll(async () => {
    for (const [name, folder] of [
      ['small', site.smallModel],
      ['model', embeddedModel],
    ] as const) {
      const recipe = recipes[name];
      const model = await loadModel(folder, { device: 'cpu' });
      const requests = [{ seed: recipe.seed, input: { classLabel: recipe.classLabel } }];
      const drawn = await generateImages({ model, requests, policy: randomOrder(recipe) });
      expected[name] = drawn[0]!;
      await model.dispose();
    }
    page = await site.open();
  }, 120_000);

  it.each(CASES)(
    'has on %s the plan and the noise of Node, bit for bit, and its pixels but for rounding (%s model)',
    async (name, folder) => {
      const model = await page.load({ folder: `/${folder}/`, ...DEVICES[name], verify: false });
      expect(model).toMatchObject({ device: DEVICES[name].device, threads: DEVICES[name].threads });
      const drawn = await page.draw(model, recipes[folder]);
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
