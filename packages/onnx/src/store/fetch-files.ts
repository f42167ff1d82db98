import type { LoadProgress } from '../loading/load-options.js';
import {
  assertFileHash,
  assertFileSize,
  isConnectionError,
  type ListedFile,
  ModelFileError,
} from '../model-files.js';
import { foreignContent } from './foreign-content.js';
import { backOffOf, chunks, type HttpOptions, pause, RETRIES, requestFile } from './http-request.js';
import type { FileStore } from './model-store.js';

export interface FetchFilesOptions<File extends ListedFile = ListedFile> extends HttpOptions {
  readonly store: FileStore<File>;
  /** What it throws, the promise rejects with. */
  onProgress?(progress: LoadProgress): void;
}

/** A file and where it is. */
export interface RemoteFile<File extends ListedFile = ListedFile> {
  readonly url: string;
  readonly file: File;
}

/**
 * Brings files into a store, one after the other. Files that are there with the right hash are not requested again; a
 * download that broke off goes on where it stopped, now or in a later call.
 *
 * @param commit called when all has arrived; what it leaves of it in the store, the next download goes on from
 * @throws ModelFileError, the signal's reason, what `onProgress` threw
 */
export async function fetchFiles<File extends ListedFile>(
  files: readonly RemoteFile<File>[],
  options: FetchFilesOptions<File>,
  commit: () => Promise<void>,
): Promise<void> {
  const { store, signal } = options;
  const report = reporter(
    files.map(({ file }) => file),
    options.onProgress,
  );
  try {
    let missing = 0;
    for (const { file } of store.reserve ? files : []) missing += file.bytes - (await store.size(file));
    if (missing > 0) await store.reserve?.(missing);
    for (const { url, file } of files) {
      signal?.throwIfAborted();
      await completeFile(url, file, options, report);
    }
    await commit();
  } finally {
    await store.leave();
  }
}

type Report = (phase: LoadProgress['phase'], file: ListedFile, loaded: number) => void;

/** Adds up what files report; some hundred reports are enough for any bar. */
function reporter(files: readonly ListedFile[], onProgress: FetchFilesOptions['onProgress']): Report {
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
async function completeFile<File extends ListedFile>(
  url: string,
  file: File,
  options: FetchFilesOptions<File>,
  report: Report,
): Promise<void> {
  const { store, signal } = options;
  const isRight = async (): Promise<boolean> =>
    file.sha256 === undefined || (await store.sha256(file, signal)) === file.sha256;
  const size = await store.size(file);
  if (size > 0 && size === file.bytes && (await isRight())) {
    report('check', file, size);
    return;
  }
  const resumed = size > 0 && size < file.bytes && (await download(url, file, options, report));
  if (resumed && (await isRight())) {
    report('download', file, file.bytes);
    return;
  }
  // What was there may be damaged, or of another version of the model.
  if (size > 0) await store.remove(file);
  // Nothing is there to go on from, unless a connection breaks off meanwhile: then it may have to begin once more.
  for (let attempts = 1; !(await download(url, file, options, report)); attempts++) {
    await store.remove(file);
    if (attempts === 2) throw new ModelFileError(url, 'the download broke off twice. Load again later.');
  }
  if (file.sha256 !== undefined) {
    const hash = await store.sha256(file, signal);
    if (hash !== file.sha256) await store.remove(file);
    assertFileHash(url, file, hash);
  }
  report('download', file, file.bytes);
}

/**
 * Appends what the store lacks of a file. A connection that breaks off is made again as long as each one brings something,
 * and some times where it doesn't.
 *
 * @returns whether the file has all its bytes; false only where the server can't go on from those that are there
 */
async function download<File extends ListedFile>(
  url: string,
  file: File,
  options: FetchFilesOptions<File>,
  report: Report,
): Promise<boolean> {
  let from = await options.store.size(file);
  for (let retries = 0; ; retries++) {
    try {
      return await downloadFrom(url, file, from, options, report);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      const size = await options.store.size(file);
      if (size > from) retries = 0;
      if (retries === RETRIES) throw error;
      from = size;
      await pause(backOffOf(retries, options), options.signal);
    }
  }
}

/**
 * The same in one request.
 *
 * @param from bytes that are there
 */
async function downloadFrom<File extends ListedFile>(
  url: string,
  file: File,
  from: number,
  options: FetchFilesOptions<File>,
  report: Report,
): Promise<boolean> {
  const { store } = options;
  const answer = await requestFile(url, { ...options, from });
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
    return new ModelFileError(url, problem, { cause, isConnection: true });
  };
  for await (const arrived of chunks(answer.response, options, brokeOff)) {
    const chunk = arrived.subarray(ahead);
    ahead = Math.max(0, ahead - arrived.length);
    if (chunk.length === 0) continue;
    const problem = loaded === 0 ? foreignContent(chunk) : undefined;
    if (problem) throw new ModelFileError(url, problem);
    if (loaded + chunk.length > file.bytes) {
      await store.remove(file);
      throw new ModelFileError(
        url,
        `has more than the ${file.bytes} bytes that it should have. Copy or convert the model again.`,
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
