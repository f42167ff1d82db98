import { createHash } from 'node:crypto';
import { TesseraError } from '@tessera/core';
import { parseDocument } from '@tessera/format';
import * as v from 'valibot';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const file = v.pipe(v.string(), v.regex(/^[\w.-]+$/));

const schema = v.strictObject({
  format: v.literal('tessera-shard'),
  version: v.literal(1),
  /** See `jobId`. */
  job: hash,
  index: whole,
  of: whole,
  pictures: v.array(v.strictObject({ index: whole, file, sha256: hash })),
});

/** What a finished shard holds. */
export type ShardManifest = v.InferOutput<typeof schema>;

/** A shard is not what it should be. */
export class ShardError extends TesseraError {
  static override readonly code = 'shard';
  constructor(message: string, options?: { cause?: unknown }) {
    super(ShardError.code, message, options);
  }
}

/** The file of a shard, and of a whole job, that says what is there. */
export const MANIFEST = 'manifest.json';

/** A picture that is drawn. */
export interface ShardFile {
  readonly index: number;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * The finished shards of a job, which are what says that it is done. Workers may die at any moment, and two may draw the same
 * shard: it is there as a whole or not at all, and what is there never changes.
 */
export interface ShardStore {
  /** @returns undefined where the shard isn't finished. @throws ShardError where it is another job's, or can't be read */
  read(index: number, job: string): Promise<ShardManifest | undefined>;
  /**
   * Writes a shard. Where another worker has finished it meanwhile, that one's stays.
   *
   * @param files in order, each once
   * @returns what the store holds
   */
  write(
    shard: Pick<ShardManifest, 'job' | 'index' | 'of'>,
    files: AsyncIterable<ShardFile>,
  ): Promise<ShardManifest>;
  /** Where a picture of a shard is, in words. */
  pathOf(shard: Pick<ShardManifest, 'job' | 'index'>, file: string): string;
  /** A picture of a finished shard. @throws ShardError where it is missing */
  readPicture(shard: Pick<ShardManifest, 'job' | 'index'>, file: string): Promise<Uint8Array>;
  /** Writes files about the whole job, by their names. */
  writeWhole(files: Readonly<Record<string, Uint8Array>>): Promise<void>;
  /** Deletes what workers that died have left. None may be at work. */
  clean(): Promise<void>;
}

/**
 * Checks every file of a finished shard.
 *
 * @throws ShardError that names the first one that is missing or changed
 */
export async function verifyShard(store: ShardStore, shard: ShardManifest): Promise<void> {
  for (const { file, sha256: expected } of shard.pictures) {
    if (sha256(await store.readPicture(shard, file)) === expected) continue;
    throw new ShardError(
      `${store.pathOf(shard, file)} is not what was drawn. Delete the shard and draw it again.`,
    );
  }
}

export function writeManifest(manifest: ShardManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** @throws ShardError where it is another job's, or can't be read */
export function readManifest(
  json: string,
  { path, index, job }: { readonly path: string; readonly index: number; readonly job: string },
): ShardManifest {
  const manifest = parseDocument(
    json,
    schema,
    (problems, options) =>
      new ShardError(`${path} is no manifest of a shard:\n${problems.join('\n')}`, options),
    { format: 'tessera-shard', version: 1 },
  );
  if (manifest.job === job && manifest.index === index) return manifest;
  throw new ShardError(`${path} is of another job. Choose another place by --out.`);
}

/** The name of a shard's folder. */
export function shardName(index: number): string {
  return `shard-${`${index}`.padStart(6, '0')}`;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
