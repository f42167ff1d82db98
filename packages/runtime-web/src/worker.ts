export { cacheStorage, type FileStorage } from './file-storage.js';
export type { OrtModule, WasmPaths } from './ort.js';
export { type ServeWorkerOptions, serveWorker, type WorkerScope } from './serve-worker.js';
