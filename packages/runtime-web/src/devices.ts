import { TesseraError } from '@tessera/core';

/** Where a model can run in a browser. */
export type Device = 'webgpu' | 'wasm';

/** In the order in which `auto` tries them. */
export const DEVICES: readonly Device[] = ['webgpu', 'wasm'];

/** The device that was asked for can't be had. */
export class DeviceUnavailableError extends TesseraError {
  static override readonly code = 'device-unavailable';
  readonly device: Device;
  readonly reason: string;

  constructor(device: Device, reason: string) {
    super(
      DeviceUnavailableError.code,
      `Device "${device}" can't be used: ${reason} Use device "auto" to fall back to one that can, or "wasm".`,
    );
    this.device = device;
    this.reason = reason;
  }
}

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

/** A device that `auto` tried and passed over. */
export interface Fallback {
  readonly device: Device;
  readonly reason: string;
}

/** An error's first line as a sentence. */
export function reasonFrom(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const first = words.split('\n')[0]!.trim();
  return first.endsWith('.') ? first : `${first}.`;
}
