import { TesseraError } from '@tessera/core';

/** An evaluation can't be made of what was given: files are missing, or don't fit the model. */
export class EvaluationRequestError extends TesseraError {
  static override readonly code = 'evaluation-request';
  constructor(message: string) {
    super(EvaluationRequestError.code, message);
  }
}
