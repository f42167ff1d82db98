import { TesseraError } from './errors.js';

/** The part of the standard `AbortSignal` that is used here; any AbortSignal fits. */
export interface CancellationSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Throws the signal's reason if it is aborted, like `AbortSignal.prototype.throwIfAborted`; a TesseraError `aborted` where
 * it has none.
 */
export function throwIfAborted(signal: CancellationSignal | undefined): void {
  if (signal?.aborted)
    throw signal.reason ?? new TesseraError('aborted', 'Aborted; the signal gives no reason.');
}
