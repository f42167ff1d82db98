import { TesseraError } from '@tessera/core';

/** The queue can't be used as it is, or has no such job. */
export class FleetError extends TesseraError {
  static override readonly code = 'fleet';
  constructor(message: string, options?: { cause?: unknown }) {
    super(FleetError.code, message, options);
  }
}
