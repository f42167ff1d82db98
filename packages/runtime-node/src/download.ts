import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { isHtml, type Manifest, parseManifest, type StorageType } from '@tessera/format';
import { fileAddress, type ManifestFile, ModelFileError, neededFiles, RunQueue } from '@tessera/onnx';
import { checkContent } from './model-files.js';
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
 * the right size and hash are not fetched again; one that broke off goes on where it stopped. What was there before is
 * replaced once all has arrived. A query in the address is asked with for each file; the folder's place in the cache does
 * not depend on it, for signatures change.
 *
 * @throws ManifestError, ModelFileError, the signal's reason, what `onBytes` threw
 */
export function downloadModel(address: URL, options: DownloadOptions): Promise<string> {
  const base = fileAddress(address.href, '');
  const place = fileAddress(address.origin + address.pathname, '');
  const folder = join(options.cacheFolder, createHash('sha256').update(place).digest('hex').slice(0, 24));
  const queue = queues.get(folder) ?? new RunQueue();
  queues.set(folder, queue);
  return queue.add(() => bringFolder(base, folder, options), options.signal);
}

async function bringFolder(base: string, folder: string, options: DownloadOptions): Promise<string> {
  const { signal } = options;
  const json = await fetchManifest(fileAddress(base, 'mar.json'), join(folder, 'mar.json'), signal);
  const manifest = parseManifest(json);
  const begun: string[] = [];
  try {
    for (const file of neededFiles(manifest, options.dtype(manifest))) {
      signal?.throwIfAborted();
      const target = join(folder, file.path);
      if (!(await isComplete(target, file, signal))) {
        begun.push(target);
        await fetchFile(fileAddress(base, file.path), target, file, options);
      }
      options.onBytes(file, file.bytes);
    }
  } catch (error) {
    for (const target of begun) await leavePart(target);
    throw error;
  }
  // Only now: a model that was there before serves on where its update breaks off.
  await onDisk(folder, async () => {
    for (const target of begun) await rename(partOf(target), target);
    await writeWhole(join(folder, 'mar.json'), json);
  });
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
  path: string,
  file: ManifestFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await checkContent(path, file, path, signal);
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

/** Makes the partial file of `target` whole, and sees to it that it is right. */
async function fetchFile(
  url: string,
  target: string,
  file: ManifestFile,
  options: DownloadOptions,
): Promise<void> {
  const part = partOf(target);
  await onDisk(dirname(target), () => mkdir(dirname(target), { recursive: true }));
  for (;;) {
    const resumed = await fetchPart(url, target, file, options);
    try {
      return await checkContent(part, file, url, options.signal);
    } catch (error) {
      if (!ModelFileError.isInstance(error)) throw error;
      await rm(part, { force: true });
      // What was there before may be damaged, or of an earlier version of the model: it is gone now.
      if (!resumed) throw error;
    }
  }
}

/** Fills the partial file of `target`. @returns whether it went on with what an earlier download has left */
async function fetchPart(
  url: string,
  target: string,
  file: ManifestFile,
  { signal, onBytes }: DownloadOptions,
): Promise<boolean> {
  const part = partOf(target);
  let loaded = await takeOverPart(target);
  if (loaded > 0 && loaded === file.bytes) return true;
  if (loaded > file.bytes) loaded = 0;
  const out = await onDisk(part, () => open(part, 'a'));
  try {
    const response = await reach(url, loaded, signal);
    assertAnswered(url, response);
    // A server without Range support answers 200 with the whole file.
    if (response.status !== 206) {
      loaded = 0;
      await onDisk(part, () => truncate(part));
    }
    const resumed = loaded > 0;
    const brokeOff = (cause: unknown): ModelFileError => {
      const problem = `the download broke off after ${loaded} of ${file.bytes} bytes. Load again to go on from there.`;
      return new ModelFileError(url, problem, { cause });
    };
    for await (const chunk of arriving(response, brokeOff, signal)) {
      if (loaded === 0 && isHtml(chunk)) throw htmlInstead(url);
      if (loaded + chunk.length > file.bytes) {
        const problem = `has more than the ${file.bytes} bytes that the manifest says. Copy or convert the model again.`;
        throw new ModelFileError(url, problem);
      }
      await onDisk(part, () => out.appendFile(chunk));
      loaded += chunk.length;
      onBytes(file, loaded);
    }
    return resumed;
  } finally {
    await out.close();
  }
}

/** What a server sends, piece by piece. @throws what `brokeOff` makes of an error of the connection */
async function* arriving(
  { body }: Response,
  brokeOff: (cause: unknown) => Error,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    // A web stream that is aborted at its very end may never be heard of again.
    yield* Readable.fromWeb(body as import('node:stream/web').ReadableStream, signal ? { signal } : {});
  } catch (cause) {
    signal?.throwIfAborted();
    throw brokeOff(cause);
  }
}

/** Writes to the cache. @throws ModelFileError that names `path` and why the disk refuses */
async function onDisk<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = `could not be written to the cache: ${code}. Free space on the disk, or set cacheFolder to a folder that can be written to.`;
    throw new ModelFileError(path, problem, { cause });
  }
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
  if (!ok)
    throw new ModelFileError(
      url,
      `the server answered ${status} ${statusText}. A model's address is that of the folder that holds mar.json.`,
    );
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
