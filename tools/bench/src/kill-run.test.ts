import { expect, it } from 'vitest';
import { describeWithRedis } from '../../../tests/support/redis.js';
import { killRun } from './kill-run.js';

describeWithRedis('workers and a server that are killed', () => {
  it('leave every picture once, with the bytes of an unbroken run', { timeout: 240_000 }, async () => {
    const result = await killRun({ pictures: 24, shards: 6, workers: 2, workerKills: 2, redisKills: 1 });
    expect(result).toMatchObject({ pictures: 24, kills: { redis: 1 } });
    expect(result.kills.workers).toBeGreaterThan(0);
  });
});
