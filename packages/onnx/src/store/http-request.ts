import { onAbort } from '../abort-listener.js';
import { ModelFileError } from '../model-files.js';

export interface HttpRequestOptions {
  /** Asks for what there is from this byte on. @default 0 */
  readonly from?: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a server sends of a file. */
export interface HttpAnswer {
  /** The first byte that it sends; undefined where it can't go on from the byte asked for. */
  readonly from: number | undefined;
  readonly response: Response;
}

/** How often a busy server is asked again. */
const RETRIES = 4;
/** The longest wait before one of them, in seconds. */
const LONGEST_WAIT = 60;

/**
 * Requests a file. A server that answers 429 or 503 is asked again after the time in its `Retry-After`, or after 1, 2, 4,
 * 8 s where it names none.
 *
 * @throws ModelFileError where the server can't be reached or answers with an error; the signal's reason
 */
export async function requestFile(url: string, options: HttpRequestOptions = {}): Promise<HttpAnswer> {
  const { from = 0, signal } = options;
  for (let retries = 0; ; retries++) {
    const response = await reach(url, options);
    if (response.status === 200 || response.status === 206)
      return { from: firstByte(response, from), response };
    await response.body?.cancel();
    if (response.status === 416 && from > 0) return { from: undefined, response };
    const isBusy = response.status === 429 || response.status === 503;
    const seconds = retryAfter(response) ?? 2 ** retries;
    if (!isBusy || retries === RETRIES || seconds > LONGEST_WAIT) {
      throw new ModelFileError(url, `the server answered ${statusOf(response)}${advice(response)}`);
    }
    await pause(seconds * 1000, signal);
  }
}

async function reach(url: string, { from = 0, headers, signal }: HttpRequestOptions): Promise<Response> {
  try {
    return await fetch(url, {
      // The store is the cache; the browser's own would need the same room once more.
      cache: 'no-store',
      headers: { ...headers, ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const inCircles = /redirect count/.test(String((cause as Error).cause));
    const problem = inCircles
      ? 'the server redirects in a circle. Check the address.'
      : 'the server could not be reached. Check the address and the network.';
    throw new ModelFileError(url, problem, { cause });
  }
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

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const withdraw = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
    const timer = setTimeout(() => {
      withdraw();
      resolve();
    }, milliseconds);
  });
}
