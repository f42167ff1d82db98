import { isHtml } from '@tessera/format';
import { type ManifestFile, ModelFileError } from '@tessera/onnx';
import { type KeptFiles, PIECE } from './kept-files.js';
import { checkBytes } from './model-files.js';

export interface DownloadOptions {
  readonly kept: KeptFiles;
  onBytes(phase: 'download' | 'check', loaded: number): void;
}

/**
 * Sees to it that a file is there, whole and right: taken from what is kept, or downloaded, from where it broke off if it
 * did. Afterwards `kept.read` gives it.
 */
export async function ensureFile(url: string, file: ManifestFile, options: DownloadOptions): Promise<void> {
  const { kept, onBytes } = options;
  const { bytes, loaded } = await kept.read(file);
  let from = loaded;
  if (from === file.bytes) {
    if (await isRight(url, file, bytes)) {
      onBytes('check', from);
      return;
    }
    await kept.remove(file);
    from = 0;
  }
  const resumed = await download(url, file, bytes, from, options);
  if (resumed && !(await isRight(url, file, bytes))) {
    // The pieces from before may be damaged.
    await kept.remove(file);
    await download(url, file, bytes, 0, options);
  }
  try {
    await checkBytes(url, file, bytes);
  } catch (error) {
    await kept.remove(file);
    throw error;
  }
}

async function isRight(url: string, file: ManifestFile, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    await checkBytes(url, file, bytes);
    return true;
  } catch (error) {
    if (ModelFileError.isInstance(error)) return false;
    throw error;
  }
}

/** Fills `bytes` from `from` on. @returns whether the server went on there, rather than begin again */
async function download(
  url: string,
  file: ManifestFile,
  bytes: Uint8Array<ArrayBuffer>,
  from: number,
  { kept, onBytes }: DownloadOptions,
): Promise<boolean> {
  const response = await request(url, from > 0 ? { headers: { range: `bytes=${from}-` } } : {});
  // A server without Range support answers 200 with the whole file.
  const resumed = from > 0 && response.status === 206;
  let loaded = resumed ? from : 0;
  let saved = loaded;
  let complete = true;
  const save = async (to: number): Promise<void> => {
    if (complete && to > saved) complete = await kept.keep(file, bytes, saved, to);
    saved = to;
  };
  const reader = response.body!.getReader();
  for (;;) {
    let chunk: ReadableStreamReadResult<Uint8Array>;
    try {
      chunk = await reader.read();
    } catch (cause) {
      await save(loaded);
      const problem = `the download broke off after ${loaded} of ${file.bytes} bytes. Load again to go on from there.`;
      throw new ModelFileError(url, problem, { cause });
    }
    if (chunk.done) break;
    if (loaded === 0 && isHtml(chunk.value)) throw htmlInstead(url);
    if (loaded + chunk.value.length > file.bytes) {
      await reader.cancel();
      await kept.remove(file);
      throw new ModelFileError(
        url,
        `has more than the ${file.bytes} bytes that the manifest says. Copy or convert the model again.`,
      );
    }
    bytes.set(chunk.value, loaded);
    loaded += chunk.value.length;
    const whole = loaded - (loaded % PIECE);
    if (whole > saved) await save(whole);
    onBytes('download', loaded);
  }
  await save(loaded);
  if (loaded < file.bytes) {
    const problem = `the download broke off after ${loaded} of ${file.bytes} bytes. Load again to go on from there.`;
    throw new ModelFileError(url, problem);
  }
  if (!complete) kept.hold(file, bytes);
  return resumed;
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await reach(url, init);
  assertAnswered(url, response);
  return response;
}

/** What a server answers, be it that it has no such file. @throws ModelFileError where it could not be reached */
export async function reach(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    // What is kept is kept by us; the browser's own cache would need the same room once more.
    return await fetch(url, { cache: 'no-store', ...init });
  } catch (cause) {
    throw new ModelFileError(url, 'the server could not be reached. Check the address and the network.', {
      cause,
    });
  }
}

/** Throws {@link ModelFileError} unless the server has what it was asked for. */
export function assertAnswered(url: string, { ok, status, statusText }: Response): void {
  if (!ok)
    throw new ModelFileError(
      url,
      `the server answered ${status} ${statusText}. A model's address is that of the folder that holds mar.json.`,
    );
}

function htmlInstead(url: string): ModelFileError {
  return new ModelFileError(
    url,
    'this is an HTML page: the server answered a missing file with its index page. Put the model folder among the files that are served as they are (with Vite: public/) and check its address.',
  );
}
