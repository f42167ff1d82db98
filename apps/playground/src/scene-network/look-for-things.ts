import type { ImageRgb } from '@tessera/core';
import { Caller } from '@tessera/onnx';
import wasmMjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasmWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { SCENE_NETWORK_PATH } from '../model-loading/model-paths.js';
import type { SceneCalls, SceneReport } from './scene-calls.js';

let caller: Caller<SceneCalls> | undefined;

/**
 * What the network of scenes finds in pictures of a prompt. It is fetched by the first call, and runs beside the page.
 *
 * @throws Error where it can't be fetched or run
 */
export function lookForThings(prompt: string, images: readonly ImageRgb[]): Promise<readonly SceneReport[]> {
  caller ??= begin();
  return caller.call('look', {
    folder: absolute(SCENE_NETWORK_PATH),
    wasmPaths: { wasm: absolute(wasmWasm), mjs: absolute(wasmMjs) },
    prompt,
    images,
  });
}

function begin(): Caller<SceneCalls> {
  const worker = new Worker(new URL('./scene-worker.ts', import.meta.url), { type: 'module' });
  return new Caller<SceneCalls>({
    send: (message) => worker.postMessage(message),
    listen(listener) {
      worker.onmessage = ({ data }: MessageEvent<unknown>) => listener(data);
    },
  });
}

const absolute = (path: string): string => new URL(path, document.baseURI).href;
