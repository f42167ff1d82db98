import { TesseraError } from '@tessera/core';

/** Where a model can run in a browser. */
export type Device = 'webgpu' | 'wasm';

/** In the order in which `auto` tries them. */
export const DEVICES: readonly Device[] = ['webgpu', 'wasm'];

/**
 * The GPU is gone: its driver was restarted, the system took it away, or it ran out of memory. All that was on it is
 * lost. Load the model again and pass `generate` the last step's grid as `start`: known tokens are kept.
 */
export class DeviceLostError extends TesseraError {
  static override readonly code = 'device-lost';
  constructor(reason: string) {
    super(
      DeviceLostError.code,
      `The GPU was lost${reason ? ` (${reason})` : ''}. Load the model again and go on from the last step's grid.`,
    );
  }
}
