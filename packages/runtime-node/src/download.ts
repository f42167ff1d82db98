import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  fileAddress,
  isHtml,
  type Manifest,
  type ManifestFile,
  ModelFileError,
  neededFiles,
  parseManifest,
  RunQueue,
  type StorageType,
} from '@tessera/onnx';
import { checkFile } from './model-files.js';
import { leavePart, partOf, takeOverPart } from './partial-file.js';

/** Where downloaded models are kept: `$XDG_CACHE_HOME/tessera` or `~/.cache/tessera`. */
export function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tessera');
}

export interface DownloadOptions {
  readonly cacheFolder: string;
  readonly signal?: AbortSignal | undefined;
  /** Picks the stored variant, once the manifest is known. */
  dtype(manifest: Manifest): StorageType;
  onBytes(file: ManifestFile, loaded: number): void;
}

/** One download of a folder at a time: a second one finds there what the first has brought. */
const queues = new Map<string, RunQueue>();

/**
 * Brings a model folder from an http(s) address into the cache and returns the local folder. Files that are there with
 * the right size and hash are not fetched again; one that broke off goes on where it stopped. A query in the address is
 * asked with for each file.
 */
export function downloadModel(address: URL, options: DownloadOptions): Promise<string> {
  const base = fileAddress(address.href, '');
  const folder = join(options.cacheFolder, createHash('sha256').update(base).digest('hex').slice(0, 24));
  const queue = queues.get(folder) ?? new RunQueue();
  queues.set(folder, queue);
  return queue.add(() => bringFolder(base, folder, options), options.signal);
}

async function bringFolder(base: string, folder: string, options: DownloadOptions): Promise<string> {
  const { signal } = options;
  await mkdir(folder, { recursive: true });
  const json = await fetchManifest(fileAddress(base, 'mar.json'), join(folder, 'mar.json'), signal);
  const manifest = parseManifest(json);
  for (const file of neededFiles(manifest, options.dtype(manifest))) {
    signal?.throwIfAborted();
    if (!(await isComplete(folder, file, signal))) {
      await fetchFile(fileAddress(base, file.path), folder, file, options);
    }
    options.onBytes(file, file.bytes);
  }
  await writeWhole(join(folder, 'mar.json'), json);
  return folder;
}

/**
 * The manifest from the network, or, where that can't be reached, the one in the cache. A server that answers something
 * else is not passed over: the model may have been taken away.
 */
async function fetchManifest(url: string, cached: string, signal: AbortSignal | undefined): Promise<string> {
  let response: Response;
  let json: string;
  try {
    response = await reach(url, 0, signal);
    json = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    return readFile(cached, 'utf8').catch(() => {
      throw error;
    });
  }
  assertAnswered(url, response);
  return json;
}

async function isComplete(
  folder: string,
  file: ManifestFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await checkFile(folder, file, signal);
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

async function fetchFile(
  url: string,
  folder: string,
  file: ManifestFile,
  options: DownloadOptions,
): Promise<void> {
  const target = join(folder, file.path);
  await mkdir(dirname(target), { recursive: true });
  for (;;) {
    let resumed: boolean;
    try {
      resumed = await fetchPart(url, target, file, options);
      await rename(partOf(target), target);
    } catch (error) {
      await leavePart(target);
      throw error;
    }
    try {
      return await checkFile(folder, file, options.signal);
    } catch (error) {
      await rm(target);
      // What was there before may be damaged, or of an earlier version of the model: it is gone now.
      if (!resumed || !ModelFileError.isInstance(error)) throw error;
    }
  }
}

/** Fills the partial file of `target`. @returns whether it went on where an earlier download broke off */
async function fetchPart(
  url: string,
  target: string,
  file: ManifestFile,
  { signal, onBytes }: DownloadOptions,
): Promise<boolean> {
  let loaded = await takeOverPart(target);
  if (loaded >= file.bytes) loaded = 0;
  const response = await reach(url, loaded, signal);
  assertAnswered(url, response);
  // A server without Range support answers 200 with the whole file.
  if (response.status !== 206) loaded = 0;
  const resumed = loaded > 0;
  const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
  const out = createWriteStream(partOf(target), { flags: resumed ? 'a' : 'w' });
  async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (loaded === 0 && isHtml(chunk)) throw htmlInstead(url);
      loaded += chunk.length;
      onBytes(file, loaded);
      yield chunk;
    }
  }
  try {
    await pipeline(body, counted, out, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    if (ModelFileError.isInstance(cause)) throw cause;
    const problem = `the download broke off after ${loaded} of ${file.bytes} bytes. Load again to go on from there.`;
    throw new ModelFileError(url, problem, { cause });
  }
  return resumed;
}

/** What a server answers to a request for what is there from byte `from` on. */
async function reach(url: string, from: number, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      ...(from > 0 ? { headers: { range: `bytes=${from}-` } } : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ModelFileError(url, 'the server could not be reached. Check the address and the network.', {
      cause,
    });
  }
}

function assertAnswered(url: string, { ok, status, statusText }: Response): void {
  if (!ok) throw new ModelFileError(url, `the server answered ${status} ${statusText}.`);
}

function htmlInstead(url: string): ModelFileError {
  return new ModelFileError(
    url,
    'this is an HTML page: the server answered a missing file with its index page. Check the address of the model folder.',
  );
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(partOf(path), text);
  await rename(partOf(path), path);
}
