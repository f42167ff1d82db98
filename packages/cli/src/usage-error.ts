import { TesseraError } from '@tessera/core';

/** The command line asks for something that can't be: exit code 2. */
export class UsageError extends TesseraError {
  static override readonly code = 'usage';
  constructor(message: string) {
    super(UsageError.code, message);
  }
}
