import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** The length of a SHA-1, by which git knows files. */
const GIT_LENGTH = 40;

/**
 * The SHA-256 of a file, in hexadecimal.
 *
 * @param like what it will be compared with: where that is as long as a SHA-1, git's of the file
 * @throws the signal's reason
 */
export async function fileHash(path: string, like?: string, signal?: AbortSignal): Promise<string> {
  const isGit = like?.length === GIT_LENGTH;
  const hash = createHash(isGit ? 'sha1' : 'sha256');
  if (isGit) hash.update(`blob ${(await stat(path)).size}\0`);
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return hash.digest('hex');
}
