import { jsonHash } from '@tessera/format';
import type { Recorded } from '../feature-network-file.js';
import type { FolderIdentity } from './folder-identity.js';

/** The pictures of a way to sample that come with a network; undefined where none are of this model, seed and storage type. */
export async function findRecorded(
  recorded: readonly Recorded[],
  description: unknown,
  { sha256, seed, dtype }: Pick<FolderIdentity, 'sha256' | 'seed' | 'dtype'>,
): Promise<Recorded | undefined> {
  const key = await jsonHash(description);
  for (const each of recorded) {
    const { variant } = each;
    const isOne = variant.model === sha256 && variant.seed === seed && variant.dtype === dtype;
    if (isOne && (await jsonHash(variant.description)) === key) return each;
  }
  return undefined;
}
