import * as ort from 'onnxruntime-web/wasm';
import { type ServeWorkerOptions, serveWorker as serve } from './serve-worker.js';

/** {@link serve} with `onnxruntime-web/wasm`, which runs models on WebAssembly alone; 14.2 MB of wasm. */
export function serveWorker(options: Omit<ServeWorkerOptions, 'ort' | 'devices'> = {}): void {
  serve({ ...options, ort, devices: ['wasm'] });
}
