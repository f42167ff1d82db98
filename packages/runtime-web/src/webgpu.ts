import * as ort from 'onnxruntime-web/webgpu';
import { type ServeWorkerOptions, serveWorker as serve } from './serve-worker.js';

/** {@link serve} with `onnxruntime-web/webgpu`, which runs models on WebGPU and on WebAssembly; 26.8 MB of wasm. */
export function serveWorker(options: Omit<ServeWorkerOptions, 'ort' | 'devices'> = {}): void {
  serve({ ...options, ort });
}
