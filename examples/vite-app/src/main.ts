// Draws a cat while you watch, another one at each press of the button.
import { generate, type ImageRgb } from '@tessera/core';
import { loadModel } from '@tessera/runtime-web';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';

const canvas = document.querySelector('canvas')!;
const status = document.querySelector('output')!;
const button = document.querySelector('button')!;
const CAT = 6;

try {
  const worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module' });
  const model = await loadModel('/model/', {
    worker,
    wasmPaths: { mjs, wasm },
    onProgress({ loadedBytes, totalBytes }) {
      status.value = `Loading the model, ${Math.round((100 * loadedBytes) / totalBytes)} %`;
    },
  });

  const draw = async (seed: number) => {
    button.disabled = true;
    try {
      const requests = [{ seed, input: { classLabel: CAT } }];
      for await (const event of generate({ model, requests })) {
        if (event.type === 'step-end') {
          status.value = `Step ${event.step + 1}: ${event.batch[0]!.plan.stage}`;
          show(await event.preview(0));
        } else if (event.type === 'image') {
          const threads = model.threads === 1 ? 'one thread' : `${model.threads} threads`;
          status.value = `Cat ${seed}, on ${model.device} with ${threads}`;
          show(event.image);
        }
      }
    } finally {
      button.disabled = false;
    }
  };

  let seed = 7;
  button.addEventListener('click', () => draw(++seed).catch(fail));
  await draw(seed);
} catch (error) {
  fail(error);
}

function show({ width, height, data }: ImageRgb) {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.set([data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!, 255], 4 * i);
  }
  Object.assign(canvas, { width, height }).getContext('2d')!.putImageData(pixels, 0, 0);
}

function fail(error: unknown) {
  status.value = error instanceof Error ? error.message : String(error);
}
