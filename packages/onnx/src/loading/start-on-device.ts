import { TesseraError } from '@tessera/core';
import { DeviceUnavailableError } from './device-unavailable-error.js';

/** A device that `auto` tried and passed over. */
export interface Fallback<Device extends string = string> {
  readonly device: Device;
  /** A sentence. */
  readonly reason: string;
}

export interface StartOnDeviceOptions<Device extends string, Model> {
  readonly wanted: Device | 'auto';
  /** What `auto` tries, in order. The last one is always there: its errors are not about the device. */
  readonly candidates: readonly Device[];
  start(device: Device): Promise<Model>;
  /** An error as a sentence that says what the device lacks. @default {@link firstSentence} */
  reason?(device: Device, error: unknown): string;
  /** Whether an error is not about the device, so that no other one would help. @default never */
  isFatal?(device: Device, error: unknown): boolean;
}

/**
 * Starts a model on the device that was requested, or on the first of the candidates that can run it.
 *
 * @throws DeviceUnavailableError where the requested device can't
 */
export async function startOnDevice<Device extends string, Model>({
  wanted,
  candidates,
  start,
  reason = (_, error) => firstSentence(error),
  isFatal = () => false,
}: StartOnDeviceOptions<Device, Model>): Promise<{
  readonly model: Model;
  readonly device: Device;
  readonly fallbacks: readonly Fallback<Device>[];
}> {
  const lastResort = candidates.at(-1)!;
  const fallbacks: Fallback<Device>[] = [];
  const tried = wanted === 'auto' ? candidates : [wanted];
  for (let next = 0; ; next++) {
    const device = tried[next]!;
    try {
      return { model: await start(device), device, fallbacks };
    } catch (error) {
      if (device === lastResort || isFatal(device, error)) throw error;
      if (wanted !== 'auto') {
        // Ours say more than a device's name.
        if (TesseraError.isInstance(error)) throw error;
        throw new DeviceUnavailableError(device, reason(device, error), lastResort);
      }
      fallbacks.push({ device, reason: reason(device, error) });
    }
  }
}

/** An error's first line as a sentence. */
export function firstSentence(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const first = words.split('\n')[0]!.trim();
  return first.endsWith('.') ? first : `${first}.`;
}
