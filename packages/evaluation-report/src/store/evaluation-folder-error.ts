import { TesseraError } from '@tessera/core';

/** A folder holds another evaluation, or none that this program can go on with. */
export class EvaluationFolderError extends TesseraError {
  static override readonly code = 'evaluation-folder';
  /** What differs, a line each. */
  readonly differences: readonly string[];

  constructor(message: string, differences: readonly string[] = [], options?: { cause?: unknown }) {
    super(EvaluationFolderError.code, message, options);
    this.differences = differences;
  }
}
