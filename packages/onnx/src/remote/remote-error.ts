import { TesseraError } from '@tessera/core';

/** An error as plain data. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** The error's own further fields, those that can be copied. */
  readonly fields: Record<string, unknown>;
}

export function packError(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} };
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value)) fields[key] = value;
  }
  return {
    name: error.name,
    message: error.message,
    fields,
    ...(TesseraError.isInstance(error) ? { code: error.code } : {}),
    ...(error.stack ? { stack: error.stack } : {}),
  };
}

/** The error again: a TesseraError with the same code, name and fields, or a plain Error. */
export function unpackError({ name, message, code, stack, fields }: RemoteError): Error {
  const error = code === undefined ? new Error(message) : new TesseraError(code, message);
  return Object.assign(error, fields, { name }, stack ? { stack } : {});
}
