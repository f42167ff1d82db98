import { InvalidOptionError, TesseraError } from '@tessera/core';
import { folderAddress } from '@tessera/format';
import {
  type LoadedModel as AnyLoadedModel,
  type LoadOptions,
  type LoadRequest,
  loadInWorker,
  loadRequest,
  type ModelWorker,
} from '@tessera/onnx';
import { DEVICES, type Device } from './devices.js';
import type { FolderFiles } from './open-folder.js';
import type { WasmPaths } from './ort.js';

export interface LoadModelOptions extends LoadOptions<Device> {
  /**
   * A worker of its own for the model, which calls `serveWorker`:
   * `new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })`. From here on it belongs to the model: it
   * ends with `dispose()`, and when loading fails or is stopped.
   */
  readonly worker: Worker;
  /**
   * CPU threads. One where the page is not cross-origin isolated, whatever is requested; more than one needs
   * `wasmPaths`. @default all that are available, at most 8; 1 without `wasmPaths`
   */
  readonly threads?: number;
  /** Where ONNX Runtime's files are, relative to the page. @default what `serveWorker` was given */
  readonly wasmPaths?: WasmPaths;
}

/**
 * A model in the browser. Its sessions live in a worker, so the page stays free while it works. `dispose()` ends the
 * worker, which gives its memory back; calls under way reject with `ModelDisposedError`.
 */
export type LoadedModel = AnyLoadedModel<Device>;

/** What the page requests of the worker, once. */
export interface WebLoadRequest extends LoadRequest<Device> {
  /** Absolute address of the model folder; of no server where `files` are given. */
  readonly folder: string;
  readonly files?: FolderFiles;
  readonly threads?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly wasmPaths?: { readonly wasm: string; readonly mjs: string };
}

/** Stands for an address in the names of what is stored. */
const USERS_DISK = 'https://folder.invalid/';

/** Workers that belong to a model, or did. */
const taken = new WeakSet<Worker>();

/**
 * Loads a model folder.
 *
 * @param location address of a folder that holds `mar.json`, relative to the page, or `hf:owner/name[@revision][/path]`; or the files of a folder of the user's
 *   disk by their paths, such as an `<input type="file" webkitdirectory>` gives
 * @throws ManifestError, ModelFileError, RuntimeFileError, DeviceUnavailableError, InvalidOptionError
 * @example
 * const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
 * const model = await loadModel('/model/', { worker });
 */
export async function loadModel(
  location: string | URL | FolderFiles,
  options: LoadModelOptions,
): Promise<LoadedModel> {
  const { worker, threads, headers, wasmPaths } = options;
  if (taken.has(worker)) {
    throw new InvalidOptionError('worker', worker, 'was given to a model before; make one for each');
  }
  taken.add(worker);
  const request = (): WebLoadRequest => ({
    ...loadRequest(options, DEVICES),
    ...(location instanceof Map
      ? { folder: USERS_DISK, files: location as FolderFiles }
      : { folder: absolute(folderAddress(String(location))) }),
    ...(threads === undefined ? {} : { threads }),
    ...(headers ? { headers } : {}),
    ...(wasmPaths ? { wasmPaths: { wasm: absolute(wasmPaths.wasm), mjs: absolute(wasmPaths.mjs) } } : {}),
  });
  return loadInWorker(modelWorker(worker), request, options);
}

function modelWorker(worker: Worker): ModelWorker {
  return {
    port: {
      send: (message) => worker.postMessage(message),
      listen: (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    },
    // The sessions end with the worker, as does what they have on the GPU.
    disposesGently: false,
    onEnd: (listener) => worker.addEventListener('error', (event) => listener(endedWorker(event))),
    terminate: () => worker.terminate(),
  };
}

/** What an `error` event of a worker means: its script could not be loaded, or threw. */
function endedWorker(event: ErrorEvent): TesseraError {
  // A script that can't be loaded gives an event without any message.
  const because = event.message
    ? `ended: ${event.message}`
    : 'could not be started: its script is missing, or is an HTML page, or, on a cross-origin isolated page, is served without Cross-Origin-Embedder-Policy: require-corp';
  return new TesseraError('worker-ended', `The model's worker ${because}. Load the model again.`);
}

function absolute(address: string | URL): string {
  return new URL(address, document.baseURI).href;
}
