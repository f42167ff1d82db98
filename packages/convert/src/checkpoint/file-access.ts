import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointFileError } from '../errors.js';
import type { RandomAccess } from './random-access.js';

/**
 * Opens a file.
 *
 * @throws CheckpointFileError if there is no such file, or it can't be opened
 */
export async function fileAccess(path: string): Promise<RandomAccess> {
  const handle = await openFile(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new CheckpointFileError(path, 'it is not a file');
    return {
      path,
      size: stats.size,
      read: (offset, length) => readBytes(path, handle, offset, length),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new CheckpointFileError(path, code === 'ENOENT' ? 'there is no such file' : message, { cause });
  }
}

async function readBytes(
  path: string,
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) {
      throw new CheckpointFileError(path, `it ended at byte ${offset + filled} while it was read`);
    }
    filled += bytesRead;
  }
  return bytes;
}
