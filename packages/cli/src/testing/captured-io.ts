import type { Io } from '../command-context.js';

export interface CapturedIo extends Io {
  /** Everything written to stdout and stderr so far. */
  readonly written: { out: string; error: string };
}

/** Streams that keep what is written; terminals or pipes. */
export function capturedIo({
  signal = new AbortController().signal,
  isTTY = false,
  env = {},
} = {}): CapturedIo {
  const written = { out: '', error: '' };
  return {
    written,
    env,
    signal,
    stdout: {
      isTTY,
      columns: 80,
      write: (text) => {
        written.out += text;
      },
    },
    stderr: {
      isTTY,
      columns: 80,
      write: (text) => {
        written.error += text;
      },
    },
  };
}
