import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import {
  MANIFEST,
  readManifest,
  ShardError,
  type ShardFile,
  type ShardManifest,
  type ShardStore,
  sha256,
  shardName,
  writeManifest,
} from './shard-store.js';

/** How often a conditional PUT is tried that met another one. */
const ATTEMPTS = 5;

/**
 * Shards in a bucket of a store with S3's interface. Every object is written once, by a PUT on the condition that it isn't there:
 * the first worker's stays, and the manifest, which is written last, holds the hashes of what is there.
 *
 * Address, region and credentials come from where the AWS SDK looks for them, such as `AWS_ENDPOINT_URL`, `AWS_REGION`,
 * `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or the machine's role.
 */
export class ShardBucket implements ShardStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  private constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /**
   * @param place `s3://bucket/prefix`
   * @param client by default one that the environment describes
   * @throws ShardError where it can't be reached, or doesn't keep what is there
   */
  static async open(place: string, client: S3Client = clientOf(process.env)): Promise<ShardBucket> {
    const [, bucket, prefix] = /^s3:\/\/([^/]+)\/*(.*?)\/*$/.exec(place) ?? [];
    if (!bucket || !prefix) throw new ShardError(`${place} must be such as s3://bucket/prefix.`);
    const store = new ShardBucket(client, bucket, prefix);
    try {
      await store.#assertConditions();
    } catch (error) {
      if (ShardError.isInstance(error)) throw error;
      const { name, message } = error as Error;
      throw new ShardError(
        `${place} can't be used: ${name}${message && message !== 'UnknownError' ? `: ${message}` : ''}. Check the bucket, AWS_ENDPOINT_URL, AWS_REGION and the credentials.`,
        { cause: error },
      );
    }
    return store;
  }

  pathOf(shard: Pick<ShardManifest, 'job' | 'index'>, file: string): string {
    return `s3://${this.#bucket}/${this.#pictureKey(shard, file)}`;
  }

  async read(index: number, job: string): Promise<ShardManifest | undefined> {
    const key = this.#manifestKey(index);
    const bytes = await this.#get(key);
    if (!bytes) return undefined;
    const path = `s3://${this.#bucket}/${key}`;
    return readManifest(new TextDecoder().decode(bytes), { path, index, job });
  }

  async write(
    { job, index, of }: Pick<ShardManifest, 'job' | 'index' | 'of'>,
    files: AsyncIterable<ShardFile>,
  ): Promise<ShardManifest> {
    const pictures: ShardManifest['pictures'] = [];
    for await (const { bytes, ...picture } of files) {
      const key = this.#pictureKey({ job, index }, picture.file);
      // What another worker has drawn may differ in the last bit of a colour.
      const stored = (await this.#create(key, bytes)) ? bytes : await this.#get(key);
      if (!stored) throw new ShardError(`s3://${this.#bucket}/${key} is deleted while the shard is drawn.`);
      pictures.push({ ...picture, sha256: sha256(stored) });
    }
    const manifest: ShardManifest = { format: 'tessera-shard', version: 1, job, index, of, pictures };
    if (await this.#create(this.#manifestKey(index), writeManifest(manifest))) return manifest;
    const other = await this.read(index, job);
    if (!other) throw new ShardError(`The manifest of shard ${index} is deleted while it is drawn.`);
    return other;
  }

  async readPicture(shard: Pick<ShardManifest, 'job' | 'index'>, file: string): Promise<Uint8Array> {
    const bytes = await this.#get(this.#pictureKey(shard, file));
    if (bytes) return bytes;
    throw new ShardError(`${this.pathOf(shard, file)} is missing. Delete the shard and draw it again.`);
  }

  async writeWhole(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    for (const [name, bytes] of Object.entries(files)) await this.#put(`${this.#prefix}/${name}`, bytes);
  }

  /** Leaves everything: what a worker that died has drawn is a part of its shard. */
  async clean(): Promise<void> {}

  #manifestKey(index: number): string {
    return `${this.#prefix}/${shardName(index)}/${MANIFEST}`;
  }

  /** Jobs have keys of their own: what one has left unfinished is no picture of another. */
  #pictureKey({ job, index }: Pick<ShardManifest, 'job' | 'index'>, file: string): string {
    return `${this.#prefix}/${shardName(index)}/${job.slice(0, 16)}/${file}`;
  }

  /** @returns whether it was not there before */
  async #create(key: string, bytes: Uint8Array | string): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#put(key, bytes, { IfNoneMatch: '*' });
        return true;
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) return false;
        // Another conditional PUT of the key was under way.
        if (status !== 409 || attempt === ATTEMPTS) throw error;
        await pause(100 * 2 ** attempt * Math.random());
      }
    }
  }

  async #put(
    key: string,
    bytes: Uint8Array | string,
    condition: { IfNoneMatch?: string } = {},
  ): Promise<void> {
    await this.#client.send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes, ...condition }),
    );
  }

  async #get(key: string): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /** A store that ignores the condition would let a late worker overwrite what is finished. */
  async #assertConditions(): Promise<void> {
    const key = `${this.#prefix}/.written-once`;
    const text = 'Objects here are written once.\n';
    if (!(await this.#create(key, text)) || !(await this.#create(key, text))) return;
    throw new ShardError(
      `s3://${this.#bucket} overwrites what is there, although it was asked not to (If-None-Match). Choose a store that has conditional writes.`,
    );
  }
}

function clientOf(env: Readonly<Record<string, string | undefined>>): S3Client {
  const isOther = Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL);
  return new S3Client({
    // Other stores than Amazon's seldom have a name of their own for each bucket, or its newer checksums.
    forcePathStyle: isOther,
    ...(isOther
      ? { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' }
      : {}),
    ...(isOther && !env.AWS_REGION ? { region: 'us-east-1' } : {}),
  });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
