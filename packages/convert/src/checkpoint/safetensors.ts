import { CheckpointFormatError } from '../errors.js';
import type { RandomAccess } from './random-access.js';
import { parseHeader } from './safetensors-header.js';
import { type TensorFile, tensorFile } from './tensor-file.js';

/** No header of a real checkpoint comes near; a larger length means that the file is something else. */
export const LARGEST_HEADER = 100 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a safetensors file: checks its header, then gives one tensor at a time.
 *
 * @throws CheckpointFormatError if the file is truncated, or its header makes no sense
 */
export async function readSafetensors(source: RandomAccess): Promise<TensorFile> {
  const { path, size } = source;
  const fail = (problem: 'truncated' | 'header', detail: string): never => {
    throw new CheckpointFormatError(path, problem, detail);
  };
  if (size < 8) return fail('truncated', `it has ${size} bytes. Download it again`);
  const length = Number(new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true));
  if (length > LARGEST_HEADER) {
    return fail('header', 'it begins as no checkpoint does. Give a .safetensors, .pth, .ckpt or .pt file');
  }
  const dataStart = 8 + length;
  if (dataStart > size) {
    return fail(
      'truncated',
      `its header ends at byte ${dataStart} of a file of ${size} bytes. Download it again`,
    );
  }
  let text: string;
  try {
    text = utf8.decode(await source.read(8, length));
  } catch {
    return fail('header', 'its header is not UTF-8');
  }
  const { tensors, metadata } = parseHeader(path, text, dataStart, size);
  return tensorFile({
    path,
    metadata,
    tensors,
    readRows: (name, from, to) => {
      const { shape, start, end } = tensors.get(name)!;
      const count = shape[0] ?? 1;
      const rowBytes = count === 0 ? 0 : (end - start) / count;
      return source.read(start + from * rowBytes, (to - from) * rowBytes);
    },
    close: () => source.close(),
  });
}
