// Puts what the browser fetches as it is into public/: the model's folder and ONNX Runtime's two files.
import { cp } from 'node:fs/promises';
import { modelFolder } from '@tessera/model-tiny';

const inPublic = (path) => new URL(`public/${path}`, import.meta.url);

await cp(modelFolder, inPublic('model/'), { recursive: true });
for (const name of ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.mjs']) {
  await cp(new URL(import.meta.resolve(`onnxruntime-web/${name}`)), inPublic(`ort/${name}`));
}
