import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithS3 } from '../../../tests/support/s3.js';
import { ShardBucket } from './shard-bucket.js';
import { ShardFolder } from './shard-folder.js';
import { type ShardFile, type ShardStore, sha256, verifyShard } from './shard-store.js';
import { makeBucket, type S3Server, s3ClientOf, startS3 } from './testing/start-s3.js';

const [JOB, OTHER] = ['a'.repeat(64), 'b'.repeat(64)];
const shard = { job: JOB, index: 3, of: 9 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

async function* files(...texts: string[]): AsyncGenerator<ShardFile> {
  for (const [index, text] of texts.entries())
    yield { index, file: `0000${index}-cat.png`, bytes: bytesOf(text) };
}

async function* dies(): AsyncGenerator<ShardFile> {
  yield* files('first');
  throw new Error('gone');
}

/** What every store promises. `open` gives a store at the same new place each time for the same name. */
function describeStore(open: (name: string) => Promise<ShardStore>): void {
  it('holds a shard once it is whole, with the hashes of what it holds', async () => {
    const store = await open('whole');
    expect(await store.read(3, JOB)).toBeUndefined();
    const written = await store.write(shard, files('one', 'two'));
    expect(written).toMatchObject({ ...shard, pictures: [{ index: 0, sha256: sha256(bytesOf('one')) }, {}] });
    expect(await (await open('whole')).read(3, JOB)).toEqual(written);
    const bytes = await store.readPicture(shard, '00001-cat.png');
    expect(new TextDecoder().decode(bytes)).toBe('two');
    await verifyShard(store, written);
    await store.writeWhole({ 'manifest.json': bytesOf('{}') });
    await store.clean();
    await verifyShard(store, written);
  });

  it('has nothing of a worker that died, and all of the one that comes after it', async () => {
    const store = await open('dies');
    await expect(store.write(shard, dies())).rejects.toThrow('gone');
    expect(await store.read(3, JOB)).toBeUndefined();
    await verifyShard(store, await store.write(shard, files('first', 'second')));
  });

  it('keeps one of many that write the same shard, and tells all of them which', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => open('many')));
    const written = await Promise.all(
      stores.map((store, i) => store.write(shard, files(`${i}`, 'same', `${i}`))),
    );
    expect(new Set(written.map((each) => JSON.stringify(each))).size).toBe(1);
    await verifyShard(stores[0]!, written[0]!);
    expect(await stores[0]!.read(3, JOB)).toEqual(written[0]);
  });

  it('refuses a place of another job, and has no picture of one that left some unfinished', async () => {
    const store = await open('other');
    await expect(store.write({ ...shard, job: OTHER }, dies())).rejects.toThrow('gone');
    const written = await store.write(shard, files('mine'));
    await verifyShard(store, written);
    expect(written.pictures[0]!.sha256).toBe(sha256(bytesOf('mine')));
    await expect(store.read(3, OTHER)).rejects.toThrow(/of another job/);
  });

  it('names a file that is missing', async () => {
    const store = await open('missing');
    const written = await store.write(shard, files('one'));
    const more = { index: 1, file: '00009-cat.png', sha256: sha256(bytesOf('x')) };
    await expect(verifyShard(store, { ...written, pictures: [more] })).rejects.toThrow(
      `${store.pathOf(shard, more.file)} is missing`,
    );
  });
}

describe('a folder', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-shards-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  describeStore(async (name) => new ShardFolder(join(folder, name)));

  it('names a file that is changed', async () => {
    const store = new ShardFolder(join(folder, 'changed'));
    const written = await store.write(shard, files('one'));
    const path = store.pathOf(shard, '00000-cat.png');
    await writeFile(path, 'other');
    await expect(verifyShard(store, written)).rejects.toThrow(`${path} is not what was drawn`);
  });
});

describeWithS3('a bucket', () => {
  let server: S3Server;
  let client: S3Client;
  beforeAll(async () => {
    server = await startS3();
    client = s3ClientOf(server);
    await makeBucket(server, 'pictures');
  }, 90_000);
  afterAll(() => server?.stop());
  describeStore((name) => ShardBucket.open(`s3://pictures/${name}`, client));

  it('names an object that is changed', async () => {
    const store = await ShardBucket.open('s3://pictures/changed', client);
    const written = await store.write(shard, files('one'));
    const path = store.pathOf(shard, '00000-cat.png');
    const Key = path.replace('s3://pictures/', '');
    await client.send(new PutObjectCommand({ Bucket: 'pictures', Key, Body: 'other' }));
    await expect(verifyShard(store, written)).rejects.toThrow(`${path} is not what was drawn`);
  });

  it('is refused by a sentence where there is none, or its address is none', async () => {
    await expect(ShardBucket.open('s3://nowhere/x', client)).rejects.toThrow(
      /s3:\/\/nowhere\/x can't be used: NoSuchBucket.*AWS_ENDPOINT_URL/,
    );
    await expect(ShardBucket.open('s3://pictures', client)).rejects.toThrow('such as s3://bucket/prefix');
  });
});

it('a store that overwrites what is there is refused', async () => {
  const client = { send: async () => ({}) } as unknown as S3Client;
  await expect(ShardBucket.open('s3://pictures/x', client)).rejects.toThrow(/If-None-Match/);
});
