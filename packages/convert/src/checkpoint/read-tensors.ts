import { CheckpointFormatError } from '../errors.js';
import { fileKindOf, KIND_BYTES } from './file-kind.js';
import type { RandomAccess } from './random-access.js';
import { LARGEST_HEADER, readSafetensors } from './safetensors.js';
import type { TensorFile } from './tensor-file.js';
import { readLegacyTorch, readTorchArchive, type TorchFile } from './torch-file.js';

/** What a safetensors header begins with. */
const BRACE = '{'.charCodeAt(0);

/**
 * Reads a checkpoint of any kind, told by its bytes and not by its name: safetensors, and what torch.save writes (.pth,
 * .ckpt, .pt) in the format of a ZIP archive or the one before. Nothing in it is run, and only what is asked for is read.
 *
 * @param source what the file's `close` closes
 * @throws CheckpointFormatError if it is damaged, hostile, or of another kind, which the message names
 * @example
 * ```ts
 * import { blobAccess, readTensors } from '@tessera/convert/tensors';
 *
 * const blob = new Blob(['<!doctype html>']);
 * await readTensors(blobAccess(blob, 'mar.pth')).catch(({ message }) => console.log(message));
 * ```
 */
export async function readTensors(source: RandomAccess): Promise<TensorFile | TorchFile> {
  const { path, size } = source;
  const start = await source.read(0, Math.min(size, KIND_BYTES));
  const length = size < 8 ? 0n : new DataView(start.buffer).getBigUint64(0, true);
  // A header shorter than this begins as no other kind of file does.
  const isHeader = start[8] === BRACE && length < LARGEST_HEADER;
  const kind = isHeader ? undefined : fileKindOf(start);
  if (kind === 'torch-archive') return readTorchArchive(source);
  if (kind === 'torch-legacy') return readLegacyTorch(source);
  if (kind) throw new CheckpointFormatError(path, 'other-format', kind.advice);
  return readSafetensors(source);
}
