import { onAbort } from '../abort-listener.js';
import { ModelFileError } from '../model-files.js';

/** How a server is asked. */
export interface HttpOptions {
  /** Sent with each request, such as `{ authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Seconds that a server may send nothing. @default 30 */
  readonly timeout?: number | undefined;
  /** Seconds before a failed request is repeated for the first time; each further wait is twice as long. @default 1 */
  readonly backOff?: number | undefined;
  /** What an answer with an error means and what to do, as the end of a sentence; undefined where there is nothing to add. */
  explain?(response: Response): string | undefined;
}

export interface HttpRequestOptions extends HttpOptions {
  /** Asks for what there is from this byte on. @default 0 */
  readonly from?: number;
}

/** What a server sends of a file. */
export interface HttpAnswer {
  /** The first byte that it sends; undefined where it can't go on from the byte asked for. */
  readonly from: number | undefined;
  readonly response: Response;
}

/** How often a busy server is asked again, and a connection that brings nothing is made again. */
export const RETRIES = 4;
/** The longest wait before one of them, in seconds. */
const LONGEST_WAIT = 60;
const TIMEOUT = 30;
/** Statuses of servers that are busy, or of those before them. */
const BUSY: readonly number[] = [408, 429, 500, 502, 503, 504];

/**
 * Requests a file. A server that is busy, or fails, is asked again after the time in its `Retry-After`, or after 1, 2, 4,
 * 8 s where it names none.
 *
 * @throws ModelFileError where the server can't be reached or answers with an error; the signal's reason
 */
export async function requestFile(url: string, options: HttpRequestOptions = {}): Promise<HttpAnswer> {
  const { from = 0, signal, explain = () => undefined } = options;
  for (let retries = 0; ; retries++) {
    const response = await reach(url, options);
    if (response.status === 200 || response.status === 206)
      return { from: firstByte(response, from), response };
    await response.body?.cancel();
    if (response.status === 416 && from > 0) return { from: undefined, response };
    const seconds = retryAfter(response) ?? backOffOf(retries, options);
    if (!BUSY.includes(response.status) || retries === RETRIES || seconds > LONGEST_WAIT) {
      throw new ModelFileError(
        url,
        `the server answered ${statusOf(response)}${explain(response) ?? advice(response)}`,
      );
    }
    await pause(seconds, signal);
  }
}

/** Seconds to wait after so many retries. */
export const backOffOf = (retries: number, { backOff = 1 }: HttpOptions): number => backOff * 2 ** retries;

async function reach(
  url: string,
  { from = 0, headers, signal, timeout = TIMEOUT }: HttpRequestOptions,
): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeout * 1000);
  const withdraw = onAbort(signal, () => limit.abort());
  try {
    signal?.throwIfAborted();
    return await fetch(url, {
      // The store is the cache; the browser's own would need the same room once more.
      cache: 'no-store',
      headers: { ...headers, ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
      signal: limit.signal,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const inCircles = /redirect count/.test(String((cause as Error).cause));
    const problem = inCircles
      ? 'the server redirects in a circle. Check the address.'
      : limit.signal.aborted
        ? `the server did not answer in ${timeout} s. Check the network, or try again later.`
        : 'the server could not be reached. Check the address and the network.';
    throw new ModelFileError(url, problem, { cause, isConnection: true });
  } finally {
    clearTimeout(timer);
    withdraw();
  }
}

/**
 * What a server sends, piece by piece.
 *
 * @param brokeOff makes an error of what went wrong with the connection
 * @throws what `brokeOff` returns, also where nothing comes for `timeout` seconds; the signal's reason
 */
export async function* chunks(
  { body }: Response,
  { signal, timeout = TIMEOUT }: HttpOptions,
  brokeOff: (cause: unknown) => Error,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body!.getReader();
  let withdraw = (): void => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stall = (): void => {};
  // On Node a stream that is aborted at its very end may never settle.
  const stopped = new Promise<never>((_, reject) => {
    withdraw = onAbort(signal, () => reject(signal?.reason));
    stall = () => reject(new Error(`nothing came for ${timeout} s`));
  });
  try {
    for (;;) {
      timer = setTimeout(stall, timeout * 1000);
      const { done, value } = await Promise.race([reader.read(), stopped]);
      clearTimeout(timer);
      if (done) return;
      yield value;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw brokeOff(cause);
  } finally {
    clearTimeout(timer);
    withdraw();
    reader.cancel().catch(() => undefined);
  }
}

/** A short file, whole. @throws like {@link requestFile} */
export async function requestText(url: string, options: HttpOptions): Promise<string> {
  return readText(url, (await requestFile(url, options)).response, options);
}

/** What a server sends, as text in UTF-8. @throws ModelFileError where the connection fails; the signal's reason */
export async function readText(url: string, response: Response, options: HttpOptions): Promise<string> {
  const brokeOff = (cause: unknown): ModelFileError =>
    new ModelFileError(url, 'the download broke off. Load again.', { cause, isConnection: true });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks(response, options, brokeOff))
    text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** The first byte in an answer to a request for what there is from byte `asked` on. */
function firstByte({ status, headers }: Response, asked: number): number | undefined {
  if (/^multipart\//i.test(headers.get('content-type') ?? '')) return undefined;
  // Some servers send a range under status 200. Other origins may not show this header.
  const range = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1];
  if (range !== undefined) return Number(range) > asked ? undefined : Number(range);
  return status === 206 ? asked : 0;
}

/** Seconds. */
function retryAfter({ headers }: Response): number | undefined {
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

const statusOf = ({ status, statusText }: Response): string => `${status} ${statusText}`.trim();

/** The end of a sentence about an answer, and a sentence that says what to do. */
function advice(response: Response): string {
  const { status } = response;
  if (status === 401 || status === 403) {
    return ': it wants a token, or refuses the one that it got. Pass yours with the option headers, as { authorization: "Bearer …" }, or in the query of the address.';
  }
  if (status === 429 || status === 503) {
    const seconds = retryAfter(response);
    const when = seconds === undefined ? 'later' : `in ${Math.ceil(seconds)} s`;
    return `: it is busy. Load again ${when}.`;
  }
  if (status >= 500) return ': it has failed. Load again later.';
  return ". A model's address is that of the folder that holds mar.json.";
}

/** Waits so many seconds. @throws the signal's reason */
export function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const withdraw = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
    const timer = setTimeout(() => {
      withdraw();
      resolve();
    }, seconds * 1000);
  });
}
