import { type LoadedModel, type LoadModelOptions, loadModel } from './load-model.js';

/** The page's end of a worker that calls `serveWorker`. */
export interface WorkerConnection {
  /** {@link loadModel} into this worker; once. */
  loadModel(location: string | URL, options?: Omit<LoadModelOptions, 'worker'>): Promise<LoadedModel>;
}

/** For those who make workers in one place and load models in another. */
export function connectWorker(worker: Worker): WorkerConnection {
  return { loadModel: (location, options) => loadModel(location, { ...options, worker }) };
}
