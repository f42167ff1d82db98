import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { decodeText, type Manifest, parseManifest } from '@tessera/format';
import { assertFileHash, assertFileSize, type ManifestFile, ModelFileError } from '@tessera/onnx';

/** Reads a local folder's `mar.json`. */
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
 */
export function checkFile(folder: string, file: ManifestFile, signal?: AbortSignal): Promise<void> {
  const path = join(folder, file.path);
  return checkContent(path, file, path, signal);
}

/** The same of a file at `path`, which errors call by `name`. */
export async function checkContent(
  path: string,
  file: ManifestFile,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (cause) {
    throw new ModelFileError(
      name,
      'the manifest lists this file, but it is missing. Copy or convert the model again.',
      {
        cause,
      },
    );
  }
  assertFileSize(name, file, size);
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  assertFileHash(name, file, hash.digest('hex'));
}
