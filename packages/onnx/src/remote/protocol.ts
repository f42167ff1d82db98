import { type ClassInput, type ImageRgb, TesseraError, type TokenGrid } from '@tessera/core';
import type { Clamp, NoiseKey } from '@tessera/core/model';
import type { RunStatistics } from '../run-statistics.js';
import type { PackedCoefficients } from './packed-coefficients.js';

/** Conditions that stay with the server, by number. */
export interface ConditionsHandle {
  readonly id: number;
  readonly count: number;
  readonly width: number;
  readonly guided: boolean;
}

/** Noise of some tokens of an image: a key to draw it from, or, from sources that have none, the numbers themselves. */
export type TokenNoise =
  | { readonly key: NoiseKey }
  /** [1 + S, m, C]: the initial x, then every diffusion step. */
  | { readonly recorded: Float32Array };

export interface RemoteTokenImage {
  readonly conditions: number;
  readonly rows: Uint32Array;
  readonly positions: Uint32Array;
  readonly guidanceScale: number | Float32Array;
  readonly noise: TokenNoise;
}

/** What can be asked of the server: arguments and result of each call. */
export interface Calls {
  condition: {
    arguments: {
      images: readonly { grid: TokenGrid; positions: Uint32Array; input: ClassInput; guided: boolean }[];
    };
    result: readonly ConditionsHandle[];
  };
  /** All rows of an image: the conditional ones, then the unconditional ones. */
  read: { arguments: { conditions: number }; result: Float32Array };
  sampleTokens: {
    arguments: {
      images: readonly RemoteTokenImage[];
      coefficients: PackedCoefficients;
      temperature: number;
      clamp?: Clamp;
    };
    result: readonly Float32Array[];
  };
  evaluateHead: {
    arguments: {
      images: readonly { conditions: number; rows: Uint32Array; x: Float32Array }[];
      timestep: number;
    };
    result: readonly Float32Array[];
  };
  decode: { arguments: { grids: readonly TokenGrid[] }; result: readonly ImageRgb[] };
  encode: { arguments: { images: readonly ImageRgb[] }; result: readonly TokenGrid[] };
  runStatistics: { arguments: Record<string, never>; result: RunStatistics };
  dispose: { arguments: Record<string, never>; result: undefined };
}

export type CallName = keyof Calls;

export type ClientMessage =
  | { readonly type: 'call'; readonly id: number; readonly name: CallName; readonly arguments: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'release'; readonly conditions: number };

export type ServerMessage =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: RemoteError };

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
