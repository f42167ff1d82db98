import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText, type Manifest, parseManifest } from '@tessera/format';
import {
  assertFileHash,
  assertFileSize,
  foreignContent,
  type ManifestFile,
  ModelFileError,
} from '@tessera/onnx';
import { fileHash } from './file-hash.js';

/**
 * Reads a local folder's `mar.json`.
 *
 * @example
 * const { grid } = await readManifest('models/mine');
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'mar.json');
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new ModelFileError(
      path,
      'there is no manifest here. Is this a model folder made by `tessera convert`?',
      {
        cause,
      },
    );
  }
  return parseManifest(decodeText(bytes, path));
}

/**
 * Throws {@link ModelFileError} unless the file has the manifest's size and SHA-256.
 *
 * @param signal stops the reading; the promise rejects with its reason
 * @example
 * const { files } = await readManifest('models/mine');
 * for (const file of files) await checkFile('models/mine', file);
 */
export async function checkFile(folder: string, file: ManifestFile, signal?: AbortSignal): Promise<void> {
  const path = join(folder, file.path);
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (cause) {
    const problem = 'the manifest lists this file, but it is missing. Copy or convert the model again.';
    throw new ModelFileError(path, problem, { cause });
  }
  const problem = size === file.bytes ? undefined : foreignContent(await beginningOf(path));
  if (problem) throw new ModelFileError(path, problem);
  assertFileSize(path, file, size);
  assertFileHash(path, file, await fileHash(path, file.sha256, signal));
}

async function beginningOf(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(128));
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
