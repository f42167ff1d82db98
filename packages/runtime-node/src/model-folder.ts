import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FetchModelOptions, fetchModel, fileAddress, RunQueue } from '@tessera/onnx';
import { fileStore } from './file-store.js';

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
 * Brings a model folder to the disk: from an http(s) address into the cache, or as it is. A folder's place in the cache
 * does not depend on the query of its address, because signatures change.
 *
 * @param location a path, or a file:, http: or https: URL
 */
export async function modelFolder(location: string | URL, options: ModelFolderOptions): Promise<ModelFolder> {
  const url = asUrl(location);
  if (!url) return { path: resolve(String(location)), isChecked: false };
  if (url.protocol === 'file:') return { path: fileURLToPath(url), isChecked: false };
  const place = fileAddress(url.origin + url.pathname, '');
  const path = join(options.cacheFolder, createHash('sha256').update(place).digest('hex').slice(0, 24));
  const queue = queues.get(path) ?? new RunQueue();
  queues.set(path, queue);
  const store = fileStore(path);
  await queue.add(() => fetchModel(url.href, { ...options, store }), options.signal);
  return { path, isChecked: true };
}

function asUrl(location: string | URL): URL | undefined {
  if (location instanceof URL) return location;
  return /^(file|https?):\/\//i.test(location) ? new URL(location) : undefined;
}
