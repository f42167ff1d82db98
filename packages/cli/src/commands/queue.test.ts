import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithRedis } from '../../../../tests/support/redis.js';
import { FAKE_MANIFEST, fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { type RedisServer, startRedis } from '../../../fleet/src/testing/start-redis.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';
import { filesOf } from '../testing/files-of.js';

let server: RedisServer;

async function tessera(args: readonly string[], manifest = FAKE_MANIFEST) {
  const io = capturedIo({ env: { TESSERA_REDIS: server.url } });
  const code = await run(args, io, { loadModel: async () => fakeLoadedModel(manifest) });
  return { code, ...io.written };
}

const JOB = ['--pictures', '2-12', '--of', '3', '--policy', 'mar:3x2'];

describeWithRedis('a queue', () => {
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('leads to the very files that an array job leaves', async () => {
    const folder = await temporaryFolder();
    const array = join(folder, 'array');
    for (const part of [['--index', '0'], ['--index', '1'], ['--index', '2'], ['--finish']])
      expect(await tessera(['shard', ...JOB, '--out', array, ...part])).toMatchObject({ code: 0 });

    expect(await tessera(['submit', ...JOB, '--name', 'queued', '--priority', '3'])).toMatchObject({
      code: 0,
      out: 'queued  11 pictures in 3 shards  added\n',
    });
    const worked = await tessera(['worker', '--out', folder, '--until-empty']);
    expect(worked).toMatchObject({ code: 0, error: '' });
    expect(worked.out).toContain('queued  done  11 pictures in 3 shards, all checked');
    expect(await filesOf(join(folder, 'queued'))).toEqual(await filesOf(array));

    const { jobs } = JSON.parse((await tessera(['status', '--json'])).out);
    expect(jobs).toMatchObject([{ name: 'queued', state: 'done', priority: 3, shards: { all: 3, done: 3 } }]);
    expect((await tessera(['status'])).out).toMatch(/^queued +done +11 +3\/3/m);
    expect((await tessera(['submit', ...JOB])).out).toContain('was there, and is done');
    expect(await tessera(['cancel', 'queued'])).toMatchObject({ code: 0, out: 'queued  cancelled\n' });
    expect((await tessera(['status'])).out).toBe('No jobs. Add one by tessera submit.\n');
    expect(await tessera(['cancel', 'queued'])).toMatchObject({
      code: 1,
      error: expect.stringContaining('no job "queued"'),
    });
  });

  it('a worker with another model ends, says which it lacks, and draws nothing', async () => {
    const folder = await temporaryFolder();
    await tessera(['submit', ...JOB, '--name', 'strange']);
    const worked = await tessera(['worker', '--out', folder], { ...FAKE_MANIFEST, name: 'other' });
    expect(worked).toMatchObject({ code: 1, error: expect.stringMatching(/model fake, .* another one/) });
    expect(await filesOf(folder)).toEqual({});
    await tessera(['cancel', 'strange']);
  });

  it('refuses more shards than pictures before anything is queued', async () => {
    const { code, error } = await tessera(['submit', ...JOB, '--of', '12']);
    expect([code, error]).toEqual([2, expect.stringContaining('at most the number of pictures, 11')]);
  });
});
