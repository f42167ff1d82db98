import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCheckpointName, type ModelSource, parseModelSource } from '@tessera/format';
import { type FetchModelOptions, fetchModel, fileAddress, RunQueue } from '@tessera/onnx';
import { type CheckpointOptions, convertedFolder } from './checkpoint/converted-folder.js';
import { fileStore } from './file-store.js';
import { hubModelFolder } from './hub/hub-model-folder.js';

export interface ModelFolderOptions extends Omit<FetchModelOptions, 'store'> {
  readonly cacheFolder: string;
  readonly checkpoint?: CheckpointOptions | undefined;
}

/** A model folder on the disk. */
export interface ModelFolder {
  readonly path: string;
  /** Whether all files that are needed were checked. */
  readonly isChecked: boolean;
}

/** One download of a folder at a time: a second one finds there what the first has brought. */
const queues = new Map<string, RunQueue>();

/**
 * Brings a model folder to the disk: from an http(s) address or a hub into the cache, or as it is; a checkpoint is converted
 * into one. A folder's place in the cache does not depend on the query of its address, because signatures change.
 *
 * @param location a path, a file:, http: or https: URL, or `hf:owner/name[@revision][/path]`
 */
export async function modelFolder(location: string | URL, options: ModelFolderOptions): Promise<ModelFolder> {
  const source = sourceOf(location);
  if (await isCheckpoint(source)) {
    const folder = () => convertedFolder(source, options);
    return { path: await inTurn('checkpoint', folder, options.signal), isChecked: false };
  }
  if (source.kind === 'path') {
    return { path: resolve(source.path.replace(/(^|[/\\])mar\.json$/, '$1')), isChecked: false };
  }
  if (source.kind === 'hub') {
    return inTurn(source.repository, () => hubModelFolder(source, options), options.signal);
  }
  const url = new URL(source.url.replace(/\/mar\.json(?=$|[?#])/, '/'));
  const place = fileAddress(url.origin + url.pathname, '');
  const path = join(options.cacheFolder, createHash('sha256').update(place).digest('hex').slice(0, 24));
  const store = fileStore(path);
  await inTurn(path, () => fetchModel(url.href, { ...options, store }), options.signal);
  return { path, isChecked: true };
}

/** Whether a source is a file of weights; of files on the disk, any that is no manifest. */
async function isCheckpoint(source: ModelSource): Promise<boolean> {
  if (source.kind !== 'path') return isCheckpointName(source.kind === 'hub' ? source.path : source.url);
  const found = await stat(source.path).catch(() => undefined);
  return found?.isFile() === true && basename(source.path) !== 'mar.json';
}

function inTurn<T>(place: string, task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const queue = queues.get(place) ?? new RunQueue();
  queues.set(place, queue);
  return queue.add(task, signal);
}

function sourceOf(location: string | URL): ModelSource {
  const text = String(location);
  return /^file:\/\//i.test(text) ? { kind: 'path', path: fileURLToPath(text) } : parseModelSource(text);
}
