import { TesseraError } from '@tessera/core';

/** The user pressed Ctrl-C. */
export class InterruptedError extends TesseraError {
  static override readonly code = 'interrupted';
  /** @param message what has been kept and how to go on */
  constructor(message = 'Stopped.') {
    super(InterruptedError.code, message);
  }
}

/** The part of `process` that is used here. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): unknown;
}

/** Aborts at the first Ctrl-C, so that work ends in order; a second one ends the process at once. */
export function abortOnInterrupt(source: SignalSource): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) source.exit(130);
    controller.abort(new InterruptedError());
  };
  source.on('SIGINT', interrupt);
  source.on('SIGTERM', interrupt);
  return controller.signal;
}
