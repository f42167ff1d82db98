import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelSource, parseModelSource } from '@tessera/format';
import { type FetchModelOptions, fetchModel, fileAddress, RunQueue } from '@tessera/onnx';
import { fileStore } from './file-store.js';
import { hubModelFolder } from './hub/hub-model-folder.js';

/**
 * Where downloaded models are stored: `$XDG_CACHE_HOME/tessera` or `~/.cache/tessera`. A relative `XDG_CACHE_HOME` is
 * ignored, as the XDG Base Directory Specification says.
 */
export function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME = '' } = process.env;
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'tessera');
}

export interface ModelFolderOptions extends Omit<FetchModelOptions, 'store'> {
  readonly cacheFolder: string;
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
 * Brings a model folder to the disk: from an http(s) address or a hub into the cache, or as it is. A folder's place in the
 * cache does not depend on the query of its address, because signatures change.
 *
 * @param location a path, a file:, http: or https: URL, or `hf:owner/name[@revision][/path]`
 */
export async function modelFolder(location: string | URL, options: ModelFolderOptions): Promise<ModelFolder> {
  const source = sourceOf(location);
  if (source.kind === 'path') return { path: resolve(source.path), isChecked: false };
  if (source.kind === 'hub') {
    return inTurn(source.repository, () => hubModelFolder(source, options), options.signal);
  }
  const url = new URL(source.url);
  const place = fileAddress(url.origin + url.pathname, '');
  const path = join(options.cacheFolder, createHash('sha256').update(place).digest('hex').slice(0, 24));
  const store = fileStore(path);
  await inTurn(path, () => fetchModel(url.href, { ...options, store }), options.signal);
  return { path, isChecked: true };
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
