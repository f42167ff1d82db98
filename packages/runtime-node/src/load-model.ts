import { availableParallelism } from 'node:os';
import { assertInteger } from '@tessera/core/model';
import { type Manifest, type StorageType, usualBatch } from '@tessera/format';
import {
  type LoadedModel as AnyLoadedModel,
  type LoadOptions,
  type LoadRequest,
  loadInWorker,
  loadRequest,
  neededFiles,
  onAbort,
  storedType,
  withReplicas,
} from '@tessera/onnx';
import { defaultCacheFolder } from './cache-folder.js';
import type { CheckpointOptions } from './checkpoint/converted-folder.js';
import { DEVICES, type Device } from './devices.js';
import { checkFile, readManifest } from './model-files.js';
import { modelFolder } from './model-folder.js';
import { ModelWorker } from './model-worker.js';

export interface LoadModelOptions extends LoadOptions<Device> {
  /** CPU threads, 1 to 1024. @default all that are available */
  readonly threads?: number;
  /**
   * How many copies of the model share the pictures of a batch, at most one a thread. Each takes the memory of a model; they are loaded
   * once batches of several pictures have been drawn for a second. Without effect on a device other than the CPU.
   * @default one a thread, at most 4, for models less than 512 wide, which are faster so; 1 for others
   */
  readonly replicas?: number;
  /**
   * Where models from http(s) addresses, and converted checkpoints, are stored. Files from a hub go to the cache of
   * huggingface_hub. @default `$XDG_CACHE_HOME/tessera`, or `~/.cache/tessera`
   */
  readonly cacheFolder?: string;
  /** How a checkpoint is converted, where `location` is one. */
  readonly checkpoint?: CheckpointOptions;
}

/**
 * A model on Node. Its sessions live in a worker thread, so the event loop stays free while it works. `dispose()` waits for
 * calls under way, then ends the worker.
 */
export type LoadedModel = AnyLoadedModel<Device>;

/** What the worker is told, once. */
export interface NodeLoadRequest extends LoadRequest<Device> {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly dtype: StorageType;
  readonly threads: number;
}

/**
 * Loads a model folder, or a checkpoint, which is converted when it is loaded for the first time.
 *
 * @param location a path, a `file:`, `http:` or `https:` URL, or `hf:owner/name[@revision][/path]`: of a folder that holds
 *   `mar.json`, or of a checkpoint's file
 * @throws ManifestError, ModelFileError, DeviceUnavailableError, InvalidOptionError; of a checkpoint, what `convertModel` throws
 * @example
 * const model = await loadModel('./model', { device: 'cpu' });
 */
export async function loadModel(
  location: string | URL,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  const { threads = availableParallelism(), signal, cacheFolder = defaultCacheFolder() } = options;
  const wanted = loadRequest(options, DEVICES);
  if (options.replicas !== undefined) assertInteger('replicas', options.replicas, 1, threads);
  const { path: folder, isChecked } = await modelFolder(location, { ...options, ...wanted, cacheFolder });
  const manifest = await readManifest(folder);
  const dtype = storedType(manifest, wanted.dtype);
  signal?.throwIfAborted();
  const request: NodeLoadRequest = { ...wanted, folder, manifest, dtype, threads };
  const model = isChecked
    ? await loadRequested(request, options)
    : await whileChecking(request, signal, (stop) => loadRequested(request, { ...options, signal: stop }));
  return inReplicas(model, request, options.replicas);
}

function loadRequested(
  request: NodeLoadRequest,
  options: Pick<LoadModelOptions, 'signal' | 'onProgress'>,
): Promise<LoadedModel> {
  return loadInWorker<NodeLoadRequest, Device>(new ModelWorker(), () => request, options);
}

/** Shares batches out among copies where that is faster: those that are usually drawn at once are then one a copy. */
function inReplicas(
  model: LoadedModel,
  request: NodeLoadRequest,
  wanted = Math.min(request.threads, usualBatch(model)),
): LoadedModel {
  if (model.device !== 'cpu' || wanted < 2) return model;
  const share = { ...request, device: model.device, threads: Math.floor(request.threads / wanted) };
  return withReplicas(model, {
    count: wanted,
    // Copies are loaded later: until then another model may have been put in the folder.
    load: (signal) => whileChecking(share, signal, (stop) => loadRequested(share, { signal: stop })),
  });
}

/** Loads while the files are being hashed, and gives up where one is not right. */
async function whileChecking(
  { folder, manifest, dtype }: NodeLoadRequest,
  signal: AbortSignal | undefined,
  load: (stop: AbortSignal) => Promise<LoadedModel>,
): Promise<LoadedModel> {
  const stop = new AbortController();
  const withdraw = onAbort(signal, () => stop.abort(signal?.reason));
  const check = async (): Promise<void> => {
    for (const file of neededFiles(manifest, dtype)) await checkFile(folder, file, stop.signal);
  };
  const checked = check().catch((error: unknown) => {
    stop.abort(error);
    throw error;
  });
  // It is waited for below; until then nobody would hear of a failure.
  checked.catch(() => undefined);
  try {
    // What is wrong with a file says more than what ONNX Runtime makes of it.
    const model = await load(stop.signal).catch((error: unknown) =>
      checked.then(() => Promise.reject(error)),
    );
    await checked.catch((error: unknown) => model.dispose().then(() => Promise.reject(error)));
    return model;
  } finally {
    withdraw();
    stop.abort();
  }
}
