import { readFile } from 'node:fs/promises';
import { TesseraError } from '@tessera/core';
import * as v from 'valibot';

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

/**
 * Reads a JSON file of an evaluation's folder; undefined where there is none.
 *
 * @param complaint what can't be read, and what to do, as it follows on the path
 * @throws EvaluationFolderError where the file holds something else
 */
export async function readFolderFile<T>(
  path: string,
  schema: v.GenericSchema<unknown, T>,
  complaint: string,
): Promise<T | undefined> {
  let json: string;
  try {
    json = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return v.parse(schema, JSON.parse(json));
  } catch (cause) {
    throw new EvaluationFolderError(`${path} ${complaint}`, [], { cause });
  }
}
