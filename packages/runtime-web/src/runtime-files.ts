import { TesseraError } from '@tessera/core';
import { isHtml } from '@tessera/format';
import type { WasmPaths } from './ort.js';

/** A file of ONNX Runtime is not where `wasmPaths` says. */
export class RuntimeFileError extends TesseraError {
  static override readonly code = 'runtime-file';
  readonly url: string;

  constructor(url: string, problem: string, options?: { cause?: unknown }) {
    super(
      RuntimeFileError.code,
      `${url}: ${problem} Give wasmPaths the addresses at which your site serves onnxruntime-web's .wasm and .mjs (with Vite: import them with ?url).`,
      options,
    );
    this.url = url;
  }
}

/**
 * Throws {@link RuntimeFileError} unless the script that threads are started from is there: without it ONNX Runtime would
 * wait for them for ever.
 */
export async function checkScript(url: string): Promise<void> {
  const problem = await problemOf(url, () => true);
  if (problem) throw new RuntimeFileError(url, problem);
}

/** The reason why ONNX Runtime did not start, if it is one of its files; else `cause` itself. */
export async function explainStart(
  cause: unknown,
  paths: { readonly [name in keyof WasmPaths]: string } | undefined,
): Promise<unknown> {
  if (!paths) {
    const noBackend = cause instanceof Error && /no available backend/i.test(cause.message);
    return noBackend ? new RuntimeFileError('onnxruntime-web', `${cause.message}.`, { cause }) : cause;
  }
  const isWasm = (bytes: Uint8Array): boolean => String(bytes.subarray(0, 4)) === '0,97,115,109';
  const problem = await problemOf(paths.wasm, isWasm);
  return problem ? new RuntimeFileError(paths.wasm, problem, { cause }) : cause;
}

/** What is wrong with a file, as a sentence; undefined if nothing is. */
async function problemOf(
  url: string,
  looksRight: (firstBytes: Uint8Array) => boolean,
): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    return 'it could not be fetched.';
  }
  const reader = response.body?.getReader();
  const first = (await reader?.read())?.value ?? new Uint8Array();
  await reader?.cancel();
  if (!response.ok) return `the server answered ${response.status} ${response.statusText}.`;
  if (isHtml(first)) {
    return 'this is an HTML page: the server answered a missing file with its index page.';
  }
  return looksRight(first) ? undefined : 'this is not a WebAssembly file.';
}
