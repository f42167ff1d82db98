import { type ClassInput, InvalidOptionError, type MaskedModel } from '@tessera/core';
import { assertInteger, ModelDisposedError } from '@tessera/core/model';
import type { Manifest, StorageType } from '@tessera/format';
import { RemoteModel, type RunStatistics } from '@tessera/onnx';
import { DEVICES, type Device, type Fallback } from './devices.js';
import { webPort } from './message-port.js';
import type { WasmPaths } from './ort.js';
import { endedWorker, loadInWorker } from './worker-loading.js';
import type { Loaded, LoadProgress, LoadRequest } from './worker-messages.js';

export interface LoadModelOptions {
  /**
   * A worker of its own for the model, which calls `serveWorker`:
   * `new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })`. From here on it belongs to the model: it
   * ends with `dispose()`, and when loading fails or is stopped.
   */
  readonly worker: Worker;
  /**
   * Where to run. Only `auto` falls back; any other device that can't be had throws `DeviceUnavailableError`.
   * @default 'auto'
   */
  readonly device?: Device | 'auto';
  /** Which stored variant of the weights to load; arithmetic is in fp32 either way. @default the manifest's first */
  readonly dtype?: StorageType | 'auto';
  /**
   * Whether a GPU has to reproduce the model's recorded sample before it is used: some drivers compute nonsense without a
   * word. What passed once is believed on later visits, until the model, the browser or the adapter changes. A model that
   * has no sample on record is not checked.
   * @default true
   */
  readonly verify?: boolean;
  /**
   * CPU threads. One where the page is not cross-origin isolated, whatever is asked for; more than one needs
   * `wasmPaths`. @default all that are available, at most 8; 1 without `wasmPaths`
   */
  readonly threads?: number;
  /** Where ONNX Runtime's files are, relative to the page. @default what `serveWorker` was given */
  readonly wasmPaths?: WasmPaths;
  /** Stops loading; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** What it throws, the promise rejects with. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** A model in the browser. Its sessions live in a worker, so the page stays free while it works. */
export interface LoadedModel extends MaskedModel<ClassInput> {
  readonly manifest: Manifest;
  /** What it runs on. */
  readonly device: Device;
  readonly dtype: StorageType;
  readonly threads: number;
  /** What `auto` tried before, and why it was passed over. */
  readonly fallbacks: readonly Fallback[];
  /** Why the browser could not keep the files for the next visit, e.g. a full disk; undefined if it did. */
  readonly notKept: string | undefined;
  readonly evaluateHead: NonNullable<MaskedModel<ClassInput>['evaluateHead']>;
  readonly encode: NonNullable<MaskedModel<ClassInput>['encode']>;
  /** How often each graph has run since loading, and for how long. */
  runStatistics(): Promise<RunStatistics>;
  /** Ends the worker, which gives its memory back. Calls under way reject with `ModelDisposedError`. */
  dispose(): Promise<void>;
}

/** Workers that belong to a model, or did. */
const taken = new WeakSet<Worker>();

/**
 * Loads a model folder.
 *
 * @param location address of a folder that holds `mar.json`, relative to the page
 * @throws ManifestError, ModelFileError, RuntimeFileError, DeviceUnavailableError, InvalidOptionError
 */
export async function loadModel(location: string | URL, options: LoadModelOptions): Promise<LoadedModel> {
  const { worker, device = 'auto', dtype = 'auto', verify = true, threads, wasmPaths, signal } = options;
  if (taken.has(worker)) {
    throw new InvalidOptionError('worker', worker, 'was given to a model before; make one for each');
  }
  taken.add(worker);
  const { port1, port2 } = new MessageChannel();
  try {
    signal?.throwIfAborted();
    if (device !== 'auto' && !DEVICES.includes(device)) {
      throw new InvalidOptionError('device', device, `must be auto, ${DEVICES.join(', ')}`);
    }
    if (threads !== undefined) assertInteger('threads', threads, 1, 1024);
    const request: LoadRequest = {
      type: 'load',
      folder: absolute(location),
      device,
      dtype,
      verify,
      port: port2,
      ...(threads === undefined ? {} : { threads }),
      ...(wasmPaths ? { wasmPaths: { wasm: absolute(wasmPaths.wasm), mjs: absolute(wasmPaths.mjs) } } : {}),
    };
    const { manifest, loaded } = await loadInWorker(worker, request, options);
    return new WebModel(worker, port1, manifest, loaded);
  } catch (error) {
    port1.close();
    worker.terminate();
    throw error;
  }
}

class WebModel extends RemoteModel implements LoadedModel {
  readonly device: Device;
  readonly dtype: StorageType;
  readonly threads: number;
  readonly fallbacks: readonly Fallback[];
  readonly notKept: string | undefined;
  readonly #worker: Worker;
  readonly #port: MessagePort;

  constructor(worker: Worker, port: MessagePort, manifest: Manifest, loaded: Loaded) {
    super(webPort(port), manifest);
    this.device = loaded.device;
    this.dtype = loaded.dtype;
    this.threads = loaded.threads;
    this.fallbacks = loaded.fallbacks;
    this.notKept = loaded.notKept;
    this.#worker = worker;
    this.#port = port;
    worker.addEventListener('error', (event) => this.close(endedWorker(event)));
  }

  override async dispose(): Promise<void> {
    // The sessions need not be released one by one: they end with the worker, as does what they have on the GPU.
    this.close(new ModelDisposedError());
    this.#worker.terminate();
    this.#port.close();
  }
}

function absolute(address: string | URL): string {
  return new URL(address, document.baseURI).href;
}
