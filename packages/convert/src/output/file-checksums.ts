import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import type { Manifest } from '@tessera/format';

/** Reads at a time: larger ones gain nothing. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Sizes and SHA-256 of files, as a manifest lists them; each is read through once, never held.
 *
 * @param folder the model folder, which the manifest's paths are relative to
 * @param onProgress called with the file at work, and the bytes read of all files
 */
export async function fileChecksums(
  folder: string,
  paths: readonly string[],
  {
    signal,
    onProgress,
  }: {
    readonly signal?: CancellationSignal | undefined;
    readonly onProgress?: (item: string, done: number, total: number) => void;
  },
): Promise<Manifest['files']> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const files: Manifest['files'] = [];
  let done = 0;
  for (const [index, path] of paths.entries()) {
    const hash = createHash('sha256');
    const item = relative(folder, path).split(sep).join('/');
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      throwIfAborted(signal);
      hash.update(chunk as Buffer);
      done += (chunk as Buffer).length;
      onProgress?.(item, done, total);
    }
    files.push({ path: item, bytes: sizes[index]!, sha256: hash.digest('hex') });
  }
  return files;
}
