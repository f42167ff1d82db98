import { expect, it } from 'vitest';
import { describeTestPage, givenModel } from './testing/host/describe-test-page.js';

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

describeTestPage('in a browser, the model folder that TESSERA_BROWSER_MODEL names', ({ open }) => {
  it.skipIf(givenModel === undefined)(
    'draws a picture on WebAssembly, and says what that takes',
    async () => {
      const page = await open();
      const began = performance.now();
      const model = await page.load({ folder: '/given/', build: 'wasm', device: 'wasm', threads: 2 });
      const loading = seconds(began);
      const drew = performance.now();
      const options = { seed: 1, classLabel: 1, steps: 4, diffusionSteps: 10 };
      const { pixels, failure } = await page.draw(model, options);
      const drawing = seconds(drew);
      expect(failure).toBeUndefined();
      expect(new Set(pixels).size).toBeGreaterThan(1);
      const { workers, all } = await page.memory();
      console.log(
        `${model.dtype}, ${model.threads} threads: loaded in ${loading}, a picture of 4 × 10 steps in ${drawing}, ` +
          `${mebibytes(workers)} in the worker of ${mebibytes(all)} in all`,
      );
      await page.close();
    },
    1_800_000,
  );
});
