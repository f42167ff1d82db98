import type { Manifest, StorageType } from '@tessera/format';
import type { RemoteError } from '@tessera/onnx';
import type { Device, Fallback } from './devices.js';

/** How far loading has come, in bytes of all files together; the total is exact from the first report on. */
export interface LoadProgress {
  /**
   * `download`: from the network; `check`: taken from the browser's storage, its hash was right; `prepare`: all files
   * are there, and sessions are being made of them.
   */
  readonly phase: 'download' | 'check' | 'prepare';
  /** The file's path in the model folder. */
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** What is known of a model once it is loaded. */
export interface Loaded {
  readonly device: Device;
  readonly dtype: StorageType;
  readonly threads: number;
  readonly fallbacks: readonly Fallback[];
  /** Why the files could not be kept for the next visit; absent if they are kept. */
  readonly notKept?: string;
}

/** What the page asks of the worker, once. */
export interface LoadRequest {
  readonly type: 'load';
  /** Absolute address of the model folder. */
  readonly folder: string;
  readonly device: Device | 'auto';
  readonly dtype: StorageType | 'auto';
  readonly verify: boolean;
  readonly threads?: number;
  readonly wasmPaths?: { readonly wasm: string; readonly mjs: string };
  /** Where the model is served once it is loaded. */
  readonly port: MessagePort;
}

/** What the worker says while it loads. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly progress: LoadProgress }
  | { readonly type: 'ready'; readonly manifest: Manifest; readonly loaded: Loaded }
  | { readonly type: 'failed'; readonly error: RemoteError };
