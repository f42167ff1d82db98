import { loadModel, probe } from '@tessera/runtime-web';
import webgpuMjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import webgpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import wasmMjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasmWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { keepOffline } from '../offline/keep-offline.js';
import { devicePlan } from './device-choice.js';
import type { ModelSource } from './model-host.js';
import type { ModelLocation } from './model-location.js';
import { MODEL_PATHS } from './model-paths.js';

const FILES = {
  wasm: { wasm: wasmWasm, mjs: wasmMjs },
  webgpu: { wasm: webgpuWasm, mjs: webgpuMjs },
};

/** Loads a model that comes with the page, or one of the user's own. */
export const pageModels: ModelSource = {
  versions: __VERSIONS__,
  probe: () => probe(),
  online: () => navigator.onLine,
  savesData: () =>
    'connection' in navigator && (navigator.connection as { saveData?: boolean }).saveData === true,
  async load(location, choice, capabilities, observers) {
    const { build, ...plan } = devicePlan(choice, capabilities);
    const worker =
      build === 'webgpu'
        ? new Worker(new URL('./webgpu-worker.ts', import.meta.url), { type: 'module' })
        : new Worker(new URL('./wasm-worker.ts', import.meta.url), { type: 'module' });
    const wasmPaths = FILES[build];
    const model = await loadModel(placeOf(location), {
      worker,
      wasmPaths,
      ...plan,
      ...observers,
    });
    void keepOffline([wasmPaths.wasm, wasmPaths.mjs]);
    return model;
  },
};

/** What a location is to `loadModel`. */
function placeOf(location: ModelLocation) {
  switch (location.kind) {
    case 'embedded':
      return MODEL_PATHS[location.takes];
    case 'address':
      return location.url;
    case 'folder':
      return location.files;
  }
}
