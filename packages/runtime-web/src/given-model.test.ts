import { parseManifest } from '@tessera/format';
import { expect, it } from 'vitest';
import { describeTestPage, givenModel } from './testing/host/describe-test-page.js';

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

describeTestPage('in a browser, the model folder that TESSERA_BROWSER_MODEL names', {}, ({ open }) => {
  it.skipIf(givenModel === undefined)(
    'draws a picture on WebAssembly, and says what that takes',
    async () => {
      const page = await open();
      const began = performance.now();
      const model = await page.load({ folder: '/given/', build: 'wasm', device: 'wasm', threads: 2 });
      const loading = seconds(performance.now() - began);
      const isText = parseManifest(model.manifest).condition.kind === 'text';
      // Of a large model that takes text, one step and the decoder.
      const steps = isText ? { steps: 1, diffusionSteps: 3 } : { steps: 4, diffusionSteps: 10 };
      const drew = performance.now();
      const { pixels, failure } = await page.draw(model, { seed: 1, classLabel: 1, ...steps });
      const drawing = seconds(performance.now() - drew);
      expect(failure).toBeUndefined();
      expect(new Set(pixels).size).toBeGreaterThan(1);
      const { workers, all } = await page.memory();
      const graphs = Object.entries(await page.remote(model).runStatistics()).map(
        ([name, { runs, milliseconds }]) => `${name} ${seconds(milliseconds)} in ${runs}`,
      );
      console.log(
        `${model.dtype}, ${model.threads} threads: loaded in ${loading}, a picture of ${steps.steps} × ` +
          `${steps.diffusionSteps} steps in ${drawing} (${graphs.join(', ')}), ` +
          `${mebibytes(workers)} in the worker of ${mebibytes(all)} in all`,
      );
      expect(workers).toBeLessThan(4 * 2 ** 30);
      await page.close();
    },
    1_800_000,
  );
});
