import { TesseraError } from '@tessera/core';
import type { Manifest, StorageType } from '@tessera/format';
import { filesOf } from '../model-files.js';
import { isCreatedWhenRun } from './created-when-run.js';

/** A model's weights need more memory than there is. */
export class MemoryError extends TesseraError {
  static override readonly code = 'memory';
  /** Bytes. */
  readonly needed: number;
  /** Bytes. */
  readonly available: number;

  constructor(name: string, needed: number, available: number, place: string, advice: string) {
    super(
      MemoryError.code,
      `The weights of "${name}" take ${gigabytes(needed)} of memory, and ${place} has ${gigabytes(available)}. ${advice}`,
    );
    this.needed = needed;
    this.available = available;
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * Bytes that a model's weights take at least while it runs on a processor, which computes in float32: half floats are
 * widened when a session is created, all else is taken as it is stored. Graphs that few runs need don't count.
 */
export function weightsMemory(manifest: Manifest, dtype: StorageType): number {
  const files = filesOf(manifest, dtype, (name, components) => !isCreatedWhenRun(name, components));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return dtype === 'fp16' ? 2 * bytes : bytes;
}

/**
 * Throws {@link MemoryError} where the weights alone can't fit, before a session is created: a system that runs out of
 * memory ends the process without a word.
 *
 * @param available bytes
 * @param place what has them, as the subject of a sentence
 */
export function assertMemory(manifest: Manifest, dtype: StorageType, available: number, place: string): void {
  const needed = weightsMemory(manifest, dtype);
  if (needed <= available) return;
  const advice =
    dtype === 'int8' || dtype === 'int4'
      ? 'Load it on another device, or load a smaller model.'
      : 'Convert it again with dtype int8, load it on another device, or load a smaller model.';
  throw new MemoryError(manifest.name, needed, available, place, advice);
}
