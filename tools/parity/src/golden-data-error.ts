import { TesseraError } from '@tessera/core';

/** A golden directory, or one of its files, is not what it should be. */
export class GoldenDataError extends TesseraError {
  static override readonly code = 'golden-data';
  constructor(message: string, options?: { cause?: unknown }) {
    super(GoldenDataError.code, message, options);
  }
}

/** Any thrown value as one line. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, '; ');
}
