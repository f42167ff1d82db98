import { availableParallelism } from 'node:os';
import type { Manifest, StorageType } from '@tessera/format';
import {
  type LoadedModel as AnyLoadedModel,
  type LoadOptions,
  type LoadRequest,
  loadInWorker,
  loadRequest,
  storedType,
} from '@tessera/onnx';
import { defaultCacheFolder } from './cache-folder.js';
import type { CheckpointOptions } from './checkpoint/converted-folder.js';
import { DEVICES, type Device } from './devices.js';
import { readManifest } from './model-files.js';
import { modelFolder } from './model-folder.js';
import { ModelWorker } from './model-worker.js';

export interface LoadModelOptions extends LoadOptions<Device> {
  /** CPU threads, 1 to 1024. @default all that are available */
  readonly threads?: number;
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
  /** Whether the files need not be checked again. */
  readonly isChecked: boolean;
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
  const { path: folder, isChecked } = await modelFolder(location, { ...options, ...wanted, cacheFolder });
  const manifest = await readManifest(folder);
  const dtype = storedType(manifest, wanted.dtype);
  signal?.throwIfAborted();
  const request: NodeLoadRequest = { ...wanted, folder, manifest, dtype, isChecked, threads };
  return loadInWorker<NodeLoadRequest, Device>(new ModelWorker(), () => request, options);
}
