import { ShardFolder, type ShardStore } from '@tessera/fleet';
import { UsageError } from '../usage-error.js';

const S3 = /^s3:\/\//;

/** The place of a job below one of all jobs. */
export function placeBelow(place: string, name: string): string {
  return `${place.replace(/\/+$/, '')}/${name}`;
}

/**
 * The store of a job's shards: a folder, or `s3://bucket/prefix`.
 *
 * @throws UsageError where what speaks to S3 isn't installed
 * @throws ShardError where it can't be used
 */
export async function shardStoreAt(place: string): Promise<ShardStore> {
  if (!S3.test(place)) return new ShardFolder(place);
  // Few need it, and it is larger than all else.
  const { ShardBucket } = await import('@tessera/fleet/s3').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new UsageError(
      `${place} needs a package that isn't installed. Install it beside this one: npm install @aws-sdk/client-s3`,
    );
  });
  return ShardBucket.open(place);
}
