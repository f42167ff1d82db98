import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeWithS3 } from '../../../../tests/support/s3.js';
import { fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { makeBucket, readObject, type S3Server, startS3 } from '../../../fleet/src/testing/start-s3.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';

async function shard(out: string, ...args: readonly string[]) {
  const io = capturedIo();
  const command = ['shard', '--pictures', '2-12', '--of', '3', '--policy', 'mar:3x2', '--out', out, ...args];
  return { code: await run(command, io, { loadModel: async () => fakeLoadedModel() }), ...io.written };
}

describeWithS3('a job in a bucket', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3();
    await makeBucket(server, 'pictures');
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  }, 90_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server?.stop();
  });

  it('has the pictures of one in a folder, by their hashes, and is checked as a whole', async () => {
    const folder = join(await temporaryFolder(), 'job');
    const bucket = 's3://pictures/some/job';
    for (const out of [folder, bucket]) {
      for (const index of ['0', '1', '2'])
        expect(await shard(out, '--index', index)).toMatchObject({ code: 0 });
      expect(await shard(out, '--finish')).toMatchObject({
        code: 0,
        out: expect.stringContaining('11 pictures in 3 shards, all checked'),
      });
    }
    for (const file of ['manifest.json', 'sheet.png'])
      expect(await readObject(server, 'pictures', `some/job/${file}`)).toEqual(
        await readFile(join(folder, file)),
      );
    expect((await shard(bucket, '--index', '1')).out).toContain('was there');
    expect((await shard(bucket, '--index', '1', '--seed', '2')).error).toContain('of another job');
  });

  it('is refused by a sentence where there is no such bucket', async () => {
    expect(await shard('s3://nowhere/job', '--index', '0')).toMatchObject({
      code: 1,
      error: expect.stringContaining('NoSuchBucket'),
    });
  });
});
