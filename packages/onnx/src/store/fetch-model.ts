import { type Manifest, parseManifest, type StorageType } from '@tessera/format';
import { onAbort } from '../abort-listener.js';
import type { LoadProgress } from '../loading/load-options.js';
import {
  assertFileHash,
  assertFileSize,
  fileAddress,
  type ManifestFile,
  ModelFileError,
  neededFiles,
  storedType,
} from '../model-files.js';
import { foreignContent } from './foreign-content.js';
import { requestFile } from './http-request.js';
import type { ModelStore } from './model-store.js';

export interface FetchModelOptions {
  readonly store: ModelStore;
  readonly dtype: StorageType | 'auto';
  /** Sent with each request, such as `{ authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What it throws, the promise rejects with. */
  onProgress?(progress: LoadProgress): void;
}

/** A model whose files are in the store. */
export interface FetchedModel {
  readonly manifest: Manifest;
  readonly dtype: StorageType;
}

/**
 * Brings a model folder from an http(s) address into a store. The manifest is requested every time; without a network the
 * stored one serves. Files that are stored with the right hash are not requested again; a download that broke off goes on
 * where it stopped. A model that was stored before is replaced once all has arrived.
 *
 * @param address of the folder; a query goes along with each request
 * @throws ManifestError, ModelFileError, InvalidOptionError, the signal's reason, what `onProgress` threw
 * @example
 * const { manifest } = await fetchModel('https://example.org/model/', { store: memoryStore(), dtype: 'auto' });
 */
export async function fetchModel(address: string, options: FetchModelOptions): Promise<FetchedModel> {
  const { store, signal } = options;
  const { json, isNew } = await fetchManifest(fileAddress(address, 'mar.json'), options);
  const manifest = parseManifest(json);
  const dtype = storedType(manifest, options.dtype);
  const files = neededFiles(manifest, dtype);
  const report = reporter(files, options.onProgress);
  try {
    for (const file of files) {
      signal?.throwIfAborted();
      await completeFile(fileAddress(address, file.path), file, options, report);
    }
    if (isNew) await store.commit({ json, manifest, files });
  } finally {
    await store.leave();
  }
  return { manifest, dtype };
}

/**
 * The manifest from the network, or the stored one where there is no network. An answer of the server's is never passed
 * over: the model may have been taken away.
 */
async function fetchManifest(
  url: string,
  { store, headers, signal }: FetchModelOptions,
): Promise<{ readonly json: string; readonly isNew: boolean }> {
  try {
    const { response } = await requestFile(url, { headers, signal });
    return { json: await response.text(), isNew: true };
  } catch (error) {
    signal?.throwIfAborted();
    // What the server itself answers has no cause.
    const isAnswer = ModelFileError.isInstance(error) && error.cause === undefined;
    const json = isAnswer ? undefined : await store.manifest();
    if (json === undefined) throw error;
    return { json, isNew: false };
  }
}

type Report = (phase: LoadProgress['phase'], file: ManifestFile, loaded: number) => void;

/** Adds up what files report; some hundred reports are enough for any bar. */
function reporter(files: readonly ManifestFile[], onProgress: FetchModelOptions['onProgress']): Report {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  let reported = 0;
  return (phase, file, loaded) => {
    const loadedBytes = before + loaded;
    if (loaded === file.bytes) before += loaded;
    else if (Math.abs(loadedBytes - reported) < totalBytes / 200) return;
    reported = loadedBytes;
    onProgress?.({ phase, file: file.path, loadedBytes, totalBytes });
  };
}

/** Sees to it that a file is in the store, whole and right. */
async function completeFile(
  url: string,
  file: ManifestFile,
  options: FetchModelOptions,
  report: Report,
): Promise<void> {
  const { store, signal } = options;
  const isRight = async (): Promise<boolean> => (await store.sha256(file, signal)) === file.sha256;
  const size = await store.size(file);
  if (size > 0 && size === file.bytes && (await isRight())) {
    report('check', file, size);
    return;
  }
  const resumed = size > 0 && size < file.bytes && (await download(url, file, size, options, report));
  if (resumed && (await isRight())) {
    report('download', file, file.bytes);
    return;
  }
  // What was there may be damaged, or of another version of the model.
  if (size > 0) await store.remove(file);
  await download(url, file, 0, options, report);
  const hash = await store.sha256(file, signal);
  if (hash !== file.sha256) await store.remove(file);
  assertFileHash(url, file, hash);
  report('download', file, file.bytes);
}

/**
 * Appends what the store lacks of a file.
 *
 * @param from bytes that are there
 * @returns whether the file has all its bytes; false only where `from` > 0 and the server can't go on from there
 */
async function download(
  url: string,
  file: ManifestFile,
  from: number,
  { store, headers, signal }: FetchModelOptions,
  report: Report,
): Promise<boolean> {
  const answer = await requestFile(url, { from, headers, signal });
  if (answer.from === undefined) {
    await answer.response.body?.cancel();
    if (from > 0) return false;
    throw new ModelFileError(url, 'the server sends a part of the file, though all of it was requested.');
  }
  // A server that knows no ranges sends all.
  if (answer.from === 0 && from > 0) await store.remove(file);
  let loaded = answer.from === 0 ? 0 : from;
  // A server that begins earlier sends bytes that are there.
  let ahead = loaded - answer.from;
  // So that an empty file is there too.
  if (loaded === 0) await store.append(file, new Uint8Array());
  const brokeOff = (cause: unknown): ModelFileError => {
    const problem = `the download broke off after ${loaded} of ${file.bytes} bytes. Load again to go on from there.`;
    return new ModelFileError(url, problem, { cause });
  };
  for await (const arrived of chunks(answer.response, brokeOff, signal)) {
    const chunk = arrived.subarray(ahead);
    ahead = Math.max(0, ahead - arrived.length);
    if (chunk.length === 0) continue;
    const problem = loaded === 0 ? foreignContent(chunk) : undefined;
    if (problem) throw new ModelFileError(url, problem);
    if (loaded + chunk.length > file.bytes) {
      await store.remove(file);
      throw new ModelFileError(
        url,
        `has more than the ${file.bytes} bytes that the manifest says. Copy or convert the model again.`,
      );
    }
    await store.append(file, chunk);
    loaded += chunk.length;
    if (loaded < file.bytes) report('download', file, loaded);
  }
  if (loaded === file.bytes) return true;
  if (from > 0) return false;
  await store.remove(file);
  assertFileSize(url, file, loaded);
  return true;
}

/** What a server sends, piece by piece. @throws what `brokeOff` makes of an error of the connection */
async function* chunks(
  { body }: Response,
  brokeOff: (cause: unknown) => Error,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body!.getReader();
  let withdraw = (): void => {};
  // On Node a stream that is aborted at its very end may never settle.
  const aborted = new Promise<never>((_, reject) => {
    withdraw = onAbort(signal, () => reject(signal?.reason));
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) return;
      yield value;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw brokeOff(cause);
  } finally {
    withdraw();
    reader.cancel().catch(() => undefined);
  }
}
