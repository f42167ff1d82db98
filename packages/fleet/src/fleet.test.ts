import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeWithRedis } from '../../../tests/support/redis.js';
import { Fleet } from './fleet.js';
import type { WorkOptions } from './fleet-worker.js';
import type { ShardWork } from './shard-work.js';
import { exampleJob } from './testing/example-job.js';
import { type RedisServer, startRedis } from './testing/start-redis.js';

let server: RedisServer;

/** Work that notes what it is told to do; `change` replaces a part of it. */
function noted(change: Partial<ShardWork> = {}) {
  const done: string[] = [];
  const work: ShardWork = {
    async draw(job, index, options) {
      const drawn = await change.draw?.(job, index, options);
      done.push(`${job.name} ${index}`);
      return drawn ?? { pictures: 1, wasThere: false };
    },
    async finish(job, options) {
      const finished = await change.finish?.(job, options);
      done.push(`${job.name} finished`);
      return finished ?? { pictures: 11, shards: job.of };
    },
  };
  return { done, work };
}

async function connected(): Promise<Fleet> {
  const fleet = await Fleet.connect(server.url);
  onTestFinished(() => fleet.close());
  return fleet;
}

/** Works until nothing is left. */
const workThrough = (fleet: Fleet, work: ShardWork, options: Partial<WorkOptions> = {}) =>
  fleet.work(work, { signal: new AbortController().signal, untilEmpty: true, ...options });

/** Waits for the signal, as a shard that takes for ever. */
const forEver = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

describeWithRedis('a fleet', () => {
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    const redis = new Redis(server.url);
    await redis.flushall();
    redis.disconnect();
  });

  it('draws each shard once and then finishes the job, however often it is submitted', async () => {
    const fleet = await connected();
    expect(await fleet.submit(exampleJob(), { name: 'one' })).toMatchObject({ state: 'added' });
    expect(await fleet.submit(exampleJob(), { name: 'other' })).toMatchObject({
      state: 'waiting',
      name: 'one',
    });
    const { done, work } = noted();
    await workThrough(fleet, work);
    expect(done).toEqual(['one 0', 'one 1', 'one 2', 'one 3', 'one finished']);
    expect(await fleet.submit(exampleJob())).toMatchObject({ state: 'done' });
    expect(await fleet.status()).toMatchObject([
      { name: 'one', state: 'done', pictures: 11, shards: { all: 4, done: 4 }, active: [], dead: [] },
    ]);
  });

  it('draws shards of a higher priority first', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob({ seed: 1, of: 2 }), { name: 'low' });
    await fleet.submit(exampleJob({ seed: 2, of: 2 }), { name: 'high', priority: 7 });
    const { done, work } = noted();
    await workThrough(fleet, work);
    expect(done).toEqual(['high 0', 'high 1', 'high finished', 'low 0', 'low 1', 'low finished']);
    expect((await fleet.status()).map(({ name, priority }) => [name, priority])).toEqual(
      expect.arrayContaining([
        ['high', 7],
        ['low', 0],
      ]),
    );
  });

  it('shares the shards among workers, and tells who draws what and how far it is', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob({ of: 2 }), { name: 'shared' });
    const stop = new AbortController();
    const { work } = noted({
      draw: (_, __, { signal, onProgress }) => {
        const telling = setInterval(() => onProgress(0.5), 100);
        return forEver(signal).finally(() => clearInterval(telling));
      },
    });
    const workers = ['ann', 'bob'].map((name) => fleet.work(work, { signal: stop.signal, name }));
    await vi.waitFor(
      async () => {
        const [{ active } = { active: [] }] = await fleet.status();
        expect([...active].sort((a, b) => a.index - b.index)).toMatchObject([
          { index: 0, progress: 0.5 },
          { index: 1, progress: 0.5 },
        ]);
        expect(active.map(({ worker }) => worker).sort()).toEqual(['ann', 'bob']);
      },
      { timeout: 10_000 },
    );
    stop.abort();
    await Promise.all(workers);
  });

  it('gives a shard back at once when its worker is told to stop', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob({ of: 2 }), { name: 'spot' });
    const stop = new AbortController();
    const stopped = noted({
      draw: async (_, __, { signal }) => {
        setTimeout(() => stop.abort());
        return forEver(signal);
      },
    });
    await fleet.work(stopped.work, { signal: stop.signal });
    expect(stopped.done).toEqual([]);
    const { done, work } = noted();
    await workThrough(fleet, work);
    expect(done.sort()).toEqual(['spot 0', 'spot 1', 'spot finished']);
  });

  it('retries a shard that fails, reports it as dead after that, and tries it again when it is submitted again', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob(), { name: 'poison', attempts: 2 });
    let isBroken = true;
    const problems: string[] = [];
    const { done, work } = noted({
      draw: async (_, index) => {
        if (index === 1 && isBroken) throw new Error('no such weights');
        return { pictures: 1, wasThere: false };
      },
    });
    const onProblem = ({ message }: Error) => problems.push(message);
    await workThrough(fleet, work, { onProblem });
    expect(problems).toEqual(['no such weights', 'no such weights']);
    expect(await fleet.status()).toMatchObject([
      { state: 'drawing', shards: { all: 4, done: 3 }, dead: [{ index: 1, reason: 'no such weights' }] },
    ]);
    isBroken = false;
    expect(await fleet.submit(exampleJob())).toMatchObject({ state: 'retried' });
    await workThrough(fleet, work);
    expect(done).toEqual(['poison 0', 'poison 2', 'poison 3', 'poison 1', 'poison finished']);
  });

  it('ends a worker after three failures one after the other, and leaves the shards to others', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob(), { name: 'kept' });
    const broken = noted({
      draw: async () => {
        throw new Error('the disk is full');
      },
    });
    await expect(workThrough(fleet, broken.work)).rejects.toThrow('the disk is full');
    const { done, work } = noted();
    await workThrough(fleet, work);
    expect(done.sort()).toEqual(['kept 0', 'kept 1', 'kept 2', 'kept 3', 'kept finished']);
  });

  it('draws a job again whose check failed', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob({ of: 1 }), { name: 'checked', attempts: 1 });
    const failing = noted({
      finish: async () => {
        throw new Error('a picture is missing');
      },
    });
    await workThrough(fleet, failing.work);
    expect(await fleet.status()).toMatchObject([{ state: 'failed', reason: 'a picture is missing' }]);
    expect(await fleet.submit(exampleJob({ of: 1 }), { name: 'checked' })).toMatchObject({
      state: 'retried',
    });
    const { done, work } = noted();
    await workThrough(fleet, work);
    expect(done).toEqual(['checked 0', 'checked finished']);
  });

  it('stops whoever draws for a job that is cancelled, and forgets it', async () => {
    const fleet = await connected();
    const { id } = await fleet.submit(exampleJob(), { name: 'cancelled' });
    let isDrawing = false;
    const { done, work } = noted({
      draw: async (_, __, { signal }) => {
        isDrawing = true;
        return forEver(signal);
      },
    });
    const working = workThrough(fleet, work);
    await vi.waitFor(() => expect(isDrawing).toBe(true), { timeout: 10_000 });
    await expect(fleet.cancel('other')).rejects.toThrow('There is no job "other". Name one of: cancelled.');
    expect(await fleet.cancel(id.slice(0, 8))).toEqual({ id, name: 'cancelled' });
    await working;
    expect(done).toEqual([]);
    expect(await fleet.status()).toEqual([]);
  });

  // These two wait for seconds, each with a server of its own: together they take as long as one.
  it.concurrent('goes on when the server is killed and comes back', async ({ onTestFinished }) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const fleet = await Fleet.connect(server.url);
    onTestFinished(() => fleet.close());
    await fleet.submit(exampleJob({ of: 11 }), { name: 'survivor' });
    const { done, work } = noted({
      draw: async (_, index) => {
        if (index === 4) await server.kill();
        if (index === 4) setTimeout(() => void server.restart(), 500);
        return { pictures: 1, wasThere: false };
      },
    });
    await workThrough(fleet, work, { lostAfterSeconds: 1 });
    expect(new Set(done).size).toBe(12);
    expect(done.at(-1)).toBe('survivor finished');
    expect(await fleet.status()).toMatchObject([{ state: 'done' }]);
  });

  it.concurrent('a worker that is told to stop while the server is lost ends all the same', async ({
    onTestFinished,
  }) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const fleet = await Fleet.connect(server.url);
    await fleet.submit(exampleJob(), { name: 'lost' });
    const stop = new AbortController();
    const { work } = noted({
      draw: async (_, __, { signal }) => {
        await server.kill();
        setTimeout(() => stop.abort(), 100);
        return forEver(signal);
      },
    });
    await fleet.work(work, { signal: stop.signal });
    await fleet.close();
  });

  it('ends a worker whose waiting connection is lost at that moment', async () => {
    const fleet = await connected();
    const redis = new Redis(server.url);
    onTestFinished(() => redis.disconnect());
    const stop = new AbortController();
    const worked = fleet.work(noted().work, { signal: stop.signal });
    await vi.waitFor(async () => {
      const [, id] = /id=(\d+) .* cmd=bzpopmin /.exec(`${await redis.client('LIST')}`) ?? [];
      if (id === undefined) throw new Error('The worker waits for nothing yet.');
      await redis.client('KILL', 'ID', id);
    });
    // By now it waits to connect again, and doesn't yet try.
    await pause(30);
    stop.abort();
    expect(await Promise.race([worked, pause(4000, 'late', { ref: false })])).toBeUndefined();
  });

  it.each([
    ['a name that is no folder’s', { name: '../up' }, 'can’t be called "../up"'.replace('’', "'")],
    ['a priority out of range', { priority: 1001 }, 'priority'],
  ])('refuses %s', async (_, options, message) => {
    const fleet = await connected();
    await expect(fleet.submit(exampleJob(), options)).rejects.toThrow(message);
  });

  it('refuses a second job of one name', async () => {
    const fleet = await connected();
    await fleet.submit(exampleJob(), { name: 'mine' });
    await expect(fleet.submit(exampleJob({ seed: 2 }), { name: 'mine' })).rejects.toThrow(
      'Another job is called mine. Choose a name by --name, or cancel that job.',
    );
  });
});

describeWithRedis('a server that could lose jobs', () => {
  it.each([
    [['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'], 'config set maxmemory-policy noeviction'],
    [['--appendonly', 'no'], 'config set appendonly yes'],
  ])('is refused with what to do: %j', async (settings, advice) => {
    const other = await startRedis(settings);
    onTestFinished(() => other.stop());
    await expect(Fleet.connect(other.url)).rejects.toThrow(advice);
    // The advice works.
    const redis = new Redis(other.url);
    const [, ...words] = advice.split(' ');
    await redis.config('SET', words[1]!, words[2]!);
    redis.disconnect();
    await (await Fleet.connect(other.url)).close();
  });

  it('is accepted without an append-only file where that is said', async () => {
    const other = await startRedis([]);
    onTestFinished(() => other.stop());
    await (await Fleet.connect(other.url, { withoutAof: true })).close();
  });
});

describe('an address of Redis', () => {
  it.each(['localhost', 'http://localhost:6379', 'redis://'])('must not be %j', async (url) => {
    await expect(Fleet.connect(url)).rejects.toThrow('must be such as redis://host:6379');
  });

  it('that nobody answers at is told without its password', async () => {
    const failed = Fleet.connect('redis://me:secret@127.0.0.1:1/0');
    await expect(failed).rejects.toThrow(/^redis:\/\/127\.0\.0\.1:1 can't be used: .*ECONNREFUSED/);
    await expect(failed).rejects.not.toThrow('secret');
  });
});
