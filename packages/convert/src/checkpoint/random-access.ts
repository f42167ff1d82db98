import { CheckpointFileError } from '../errors.js';

/** Bytes that can be read at any place: a file, a Blob, or what lies at an address. */
export interface RandomAccess {
  /** What errors call it. */
  readonly path: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * @returns exactly `length` bytes, in memory of their own that begins at an aligned address
   * @throws CheckpointFileError if they can't be read
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Reads a Blob, such as a File that a person picked. */
export function blobAccess(blob: Blob, path: string): RandomAccess {
  return {
    path,
    size: blob.size,
    read: async (offset, length) => {
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        throw new CheckpointFileError(path, 'it changed, or was removed', { cause });
      }
    },
    close: () => Promise.resolve(),
  };
}

export interface UrlAccessOptions {
  readonly fetch?: typeof fetch;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Bytes fetched at once where fewer are wanted: headers and small tensors lie side by side. */
const READ_AHEAD = 1 << 18;

/**
 * Reads what lies at an address, by HTTP Range requests.
 *
 * @throws CheckpointFileError if the server doesn't answer, gives no ranges, or the file changes in between
 */
export async function urlAccess(
  url: string,
  { fetch = globalThis.fetch, headers, signal }: UrlAccessOptions = {},
): Promise<RandomAccess> {
  const request = async (offset: number, length: number) => {
    const range = `bytes=${offset}-${offset + length - 1}`;
    let response: Response;
    try {
      response = await fetch(url, { headers: { ...headers, Range: range }, signal: signal ?? null });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new CheckpointFileError(url, (cause as Error).message, { cause });
    }
    const [, from, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '') ?? [];
    if (response.status !== 206 || Number(from) !== offset || size === undefined) {
      await response.body?.cancel();
      throw new CheckpointFileError(
        url,
        response.ok
          ? 'the server gives no part of it (Range), so download it and give the file'
          : `the server answers ${response.status}`,
      );
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { bytes, size: Number(size), version: response.headers.get('ETag') };
  };

  const first = await request(0, READ_AHEAD);
  let [kept, keptFrom] = [first.bytes, 0];
  return {
    path: url,
    size: first.size,
    read: async (offset, length) => {
      if (offset < keptFrom || offset + length > keptFrom + kept.length) {
        const wanted = Math.min(Math.max(length, READ_AHEAD), first.size - offset);
        const { bytes, size, version } = await request(offset, wanted);
        if (size !== first.size || version !== first.version || bytes.length !== wanted) {
          throw new CheckpointFileError(url, 'it changed while it was read');
        }
        if (wanted === length) return bytes;
        [kept, keptFrom] = [bytes, offset];
      }
      return kept.slice(offset - keptFrom, offset - keptFrom + length);
    },
    close: () => Promise.resolve(),
  };
}
