import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { type ClassInput, InvalidOptionError, type MaskedModel, TesseraError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import type { Manifest, StorageType } from '@tessera/format';
import { neededFiles, RemoteModel, type RunStatistics, storedType, unpackError } from '@tessera/onnx';
import { candidates, DEVICES, type Device, type Fallback } from './devices.js';
import { defaultCacheFolder, downloadModel } from './download.js';
import { readManifest } from './model-files.js';
import { ModelWorker } from './model-worker.js';
import type { WorkerMessage } from './worker-messages.js';
import { idlingPort } from './worker-port.js';

/** How far loading has come, in bytes of all files together; the total is exact from the first report on. */
export interface LoadProgress {
  readonly phase: 'download' | 'check';
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

export interface LoadModelOptions {
  /**
   * Where to run. Only `auto` falls back; any other device that can't be had throws `DeviceUnavailableError`.
   * @default 'auto'
   */
  readonly device?: Device | 'auto';
  /** Which stored variant of the weights to load; arithmetic is in fp32 either way. @default the manifest's first */
  readonly dtype?: StorageType | 'auto';
  /**
   * Whether any device but the CPU has to reproduce the model's recorded sample before it is used: some drivers compute
   * nonsense without a word. Takes about as long as a step of a picture. A model that has no sample on record is not
   * checked.
   * @default true
   */
  readonly verify?: boolean;
  /** CPU threads. @default all that are available */
  readonly threads?: number;
  /** Stops loading; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** What it throws, the promise rejects with. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Where models from http(s) addresses are kept. @default `$XDG_CACHE_HOME/tessera`, or `~/.cache/tessera` */
  readonly cacheFolder?: string;
}

/** A model on Node. Its sessions live in a worker thread, so the event loop stays free while it works. */
export interface LoadedModel extends MaskedModel<ClassInput> {
  readonly manifest: Manifest;
  /** What it runs on. */
  readonly device: Device;
  readonly dtype: StorageType;
  readonly threads: number;
  /** What `auto` tried before, and why it was passed over. */
  readonly fallbacks: readonly Fallback[];
  readonly evaluateHead: NonNullable<MaskedModel<ClassInput>['evaluateHead']>;
  readonly encode: NonNullable<MaskedModel<ClassInput>['encode']>;
  /** How often each graph has run since loading, and for how long. */
  runStatistics(): Promise<RunStatistics>;
  /** Waits for calls under way, then ends the worker. Later calls reject with `ModelDisposedError`. */
  dispose(): Promise<void>;
}

/**
 * Loads a model folder.
 *
 * @param location a path, or a file:, http: or https: URL of a folder that holds `mar.json`
 * @throws ManifestError, ModelFileError, DeviceUnavailableError, InvalidOptionError
 */
export async function loadModel(
  location: string | URL,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  const { device = 'auto', dtype = 'auto', verify = true, signal } = options;
  const { threads = availableParallelism() } = options;
  if (device !== 'auto' && !DEVICES.includes(device)) {
    throw new InvalidOptionError('device', device, `must be auto, ${DEVICES.join(', ')}`);
  }
  assertInteger('threads', threads, 1, 1024);
  signal?.throwIfAborted();
  const folder = await localFolder(location, options);
  const manifest = await readManifest(folder);
  const stored = storedType(manifest, dtype);
  // An abort until here had nobody to tell.
  signal?.throwIfAborted();
  const { port1, port2 } = new MessageChannel();
  const worker = new ModelWorker({
    folder,
    devices: device === 'auto' ? candidates(process.platform) : [device],
    fallBack: device === 'auto',
    dtype: stored,
    verify,
    threads,
    port: port2,
  });
  try {
    const totalBytes = neededFiles(manifest, stored).reduce((sum, file) => sum + file.bytes, 0);
    const ready = await workerReady(worker, totalBytes, options);
    worker.unref();
    return new NodeModel(worker, idlingPort(port1), manifest, { ...ready, dtype: stored, threads });
  } catch (error) {
    port1.close();
    await worker.terminate();
    throw error;
  }
}

/** What is known of a model once it is loaded. */
interface Loaded {
  readonly device: Device;
  readonly dtype: StorageType;
  readonly threads: number;
  readonly fallbacks: readonly Fallback[];
}

class NodeModel extends RemoteModel implements LoadedModel {
  readonly device: Device;
  readonly dtype: StorageType;
  readonly threads: number;
  readonly fallbacks: readonly Fallback[];
  readonly #worker: ModelWorker;
  #ended: Promise<void> | undefined;

  constructor(worker: ModelWorker, port: ReturnType<typeof idlingPort>, manifest: Manifest, loaded: Loaded) {
    super(port, manifest);
    this.device = loaded.device;
    this.dtype = loaded.dtype;
    this.threads = loaded.threads;
    this.fallbacks = loaded.fallbacks;
    this.#worker = worker;
    worker.on('error', (cause) => this.close(crashed(cause)));
    worker.on('exit', () => this.close(crashed()));
  }

  override dispose(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    try {
      await super.dispose();
    } finally {
      await this.#worker.terminate();
    }
  }
}

function crashed(cause?: unknown): TesseraError {
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  return new TesseraError(
    'worker-ended',
    `The model's worker thread ended${because}. Load the model again.`,
    { cause },
  );
}

async function localFolder(location: string | URL, options: LoadModelOptions): Promise<string> {
  const url = asUrl(location);
  if (!url) return resolve(String(location));
  if (url.protocol === 'file:') return fileURLToPath(url);
  const loaded = new Map<string, number>();
  let totalBytes = 0;
  return downloadModel(url, {
    cacheFolder: options.cacheFolder ?? defaultCacheFolder(),
    signal: options.signal,
    dtype(manifest) {
      const dtype = storedType(manifest, options.dtype ?? 'auto');
      for (const file of neededFiles(manifest, dtype)) loaded.set(file.path, 0);
      totalBytes = neededFiles(manifest, dtype).reduce((sum, file) => sum + file.bytes, 0);
      return dtype;
    },
    onBytes(file, bytes) {
      loaded.set(file.path, bytes);
      const loadedBytes = [...loaded.values()].reduce((sum, each) => sum + each, 0);
      options.onProgress?.({ phase: 'download', file: file.path, loadedBytes, totalBytes });
    },
  });
}

function asUrl(location: string | URL): URL | undefined {
  if (location instanceof URL) return location;
  return /^(file|https?):\/\//i.test(location) ? new URL(location) : undefined;
}

function workerReady(
  worker: ModelWorker,
  totalBytes: number,
  { signal, onProgress }: LoadModelOptions,
): Promise<Pick<Loaded, 'device' | 'fallbacks'>> {
  return new Promise((resolveReady, reject) => {
    let loadedBytes = 0;
    const settle = (act: () => void): void => {
      signal?.removeEventListener('abort', abort);
      worker.off('error', crash).off('exit', end).off('message', hear);
      act();
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    const crash = (cause: unknown): void => settle(() => reject(crashed(cause)));
    const end = (): void => settle(() => reject(crashed()));
    const hear = (message: WorkerMessage): void => {
      if (message.type === 'checked') {
        loadedBytes += message.bytes;
        try {
          onProgress?.({ phase: 'check', file: message.path, loadedBytes, totalBytes });
        } catch (error) {
          settle(() => reject(error));
        }
      } else if (message.type === 'ready') {
        settle(() => resolveReady({ device: message.device, fallbacks: message.fallbacks }));
      } else {
        settle(() => reject(unpackError(message.error)));
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    worker.on('error', crash).on('exit', end).on('message', hear);
  });
}
