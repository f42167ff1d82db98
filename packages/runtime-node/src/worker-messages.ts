import type { MessagePort } from 'node:worker_threads';
import type { StorageType } from '@tessera/format';
import type { RemoteError } from '@tessera/onnx';
import type { Device, Fallback } from './devices.js';

/** What the worker is started with. */
export interface WorkerRequest {
  readonly folder: string;
  readonly devices: readonly Device[];
  /** Whether a device that fails may be passed over for the next. */
  readonly fallBack: boolean;
  readonly dtype: StorageType;
  /** Whether a device but the CPU has to reproduce the recorded sample. */
  readonly verify: boolean;
  readonly threads: number;
  /** Where the model is served once it is loaded. */
  readonly port: MessagePort;
  /** Memory of the `NativeGate` that its native calls go through. */
  readonly gate: SharedArrayBuffer;
}

/** What the worker says while it loads. */
export type WorkerMessage =
  | { readonly type: 'checked'; readonly path: string; readonly bytes: number }
  | { readonly type: 'ready'; readonly device: Device; readonly fallbacks: readonly Fallback[] }
  | { readonly type: 'failed'; readonly error: RemoteError };
