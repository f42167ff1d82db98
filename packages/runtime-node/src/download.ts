import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Manifest,
  type ManifestFile,
  ModelFileError,
  neededFiles,
  parseManifest,
  type StorageType,
} from '@tessera/onnx';
import { checkFile } from './model-files.js';

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

/**
 * Brings a model folder from an http(s) address into the cache and returns the local folder. Files that are there with
 * the right size and hash are not fetched again; one that broke off goes on where it stopped.
 */
export async function downloadModel(address: URL, options: DownloadOptions): Promise<string> {
  const base = new URL(address.href.endsWith('/') ? address : `${address.href}/`);
  const folder = join(options.cacheFolder, createHash('sha256').update(base.href).digest('hex').slice(0, 24));
  await mkdir(folder, { recursive: true });
  const json = await fetchManifest(new URL('mar.json', base), join(folder, 'mar.json'), options.signal);
  const manifest = parseManifest(json);
  for (const file of neededFiles(manifest, options.dtype(manifest))) {
    if (!(await isComplete(folder, file))) await fetchFile(new URL(file.path, base), folder, file, options);
    options.onBytes(file, file.bytes);
  }
  await writeBeside(join(folder, 'mar.json'), json);
  return folder;
}

/** The manifest from the network, or, where that can't be reached, the one in the cache. */
async function fetchManifest(url: URL, cached: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const response = await request(url, 0, signal);
    return await response.text();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    try {
      return await readFile(cached, 'utf8');
    } catch {
      throw error;
    }
  }
}

async function isComplete(folder: string, file: ManifestFile): Promise<boolean> {
  return checkFile(folder, file).then(
    () => true,
    () => false,
  );
}

async function fetchFile(
  url: URL,
  folder: string,
  file: ManifestFile,
  { signal, onBytes }: DownloadOptions,
): Promise<void> {
  const target = join(folder, file.path);
  const partial = `${target}.part`;
  await mkdir(dirname(target), { recursive: true });
  let loaded = await stat(partial).then(
    ({ size }) => (size < file.bytes ? size : 0),
    () => 0,
  );
  const response = await request(url, loaded, signal);
  // A server without Range support answers 200 with the whole file.
  if (response.status !== 206) loaded = 0;
  const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
  body.on('data', (chunk: Uint8Array) => {
    loaded += chunk.length;
    onBytes(file, loaded);
  });
  try {
    await pipeline(body, createWriteStream(partial, { flags: loaded > 0 ? 'a' : 'w' }), { signal });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const problem = `the download broke off after ${loaded} of ${file.bytes} bytes. Load again to go on from there.`;
    throw new ModelFileError(url.href, problem, { cause });
  }
  await rename(partial, target);
  try {
    await checkFile(folder, file);
  } catch (error) {
    await rm(target);
    throw error;
  }
}

async function request(url: URL, from: number, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      ...(from > 0 ? { headers: { range: `bytes=${from}-` } } : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new ModelFileError(
      url.href,
      'the server could not be reached. Check the address and the network.',
      { cause },
    );
  }
  if (!response.ok) {
    throw new ModelFileError(url.href, `the server answered ${response.status} ${response.statusText}.`);
  }
  return response;
}

async function writeBeside(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}
