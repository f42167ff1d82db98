import { assertInteger } from '@tessera/core/model';
import { FlowProducer, type Job, Queue } from 'bullmq';
import { type ConnectOptions, connectToRedis, type RedisConnection } from './connect-to-redis.js';
import { FleetError } from './fleet-error.js';
import { assertJobName, readFleetJob, writeFleetJob } from './fleet-job.js';
import { DRAW, FINISH, type ShardData, type WorkOptions, workOn } from './fleet-worker.js';
import { assertShards, jobId, type ShardJob } from './shard-job.js';
import type { ShardWork } from './shard-work.js';

/** What all keys in Redis begin with. */
const PREFIX = 'tessera';
const QUEUE = 'shards';
/** Where entries of jobs are, those of shards that wait aside. */
const PLACES = ['waiting-children', 'wait', 'active', 'delayed', 'completed', 'failed'] as const;
const MOST_PRIORITY = 1000;
/** Added at once, while the server answers nobody else: 20,000 take about 9 s. */
const MOST_SHARDS = 100_000;

export interface SubmitOptions {
  /**
   * The folder that the shards go to, below the one that each worker has for all jobs.
   *
   * @default the first 12 digits of the job's id
   */
  readonly name?: string;
  /** Shards of a higher priority go before all others, 0 to 1000. @default 0 */
  readonly priority?: number;
  /** How often a shard may fail until it is dead. By default more often than one worker fails until it ends. @default 5 */
  readonly attempts?: number;
}

export interface Submitted {
  readonly id: string;
  readonly name: string;
  /**
   * `added`; or it was there: `waiting` for its shards, `retried` where some of them had failed for good, or `done`. The same job
   * is never twice in the queue.
   */
  readonly state: 'added' | 'waiting' | 'retried' | 'done';
}

export interface FleetJobStatus {
  readonly id: string;
  readonly name: string;
  /** `failed`: drawn, but what was drawn did not pass the check of the whole. */
  readonly state: 'drawing' | 'finishing' | 'done' | 'failed';
  readonly pictures: number;
  readonly shards: { readonly all: number; readonly done: number };
  readonly priority: number;
  /** Shards that are being drawn. */
  readonly active: readonly {
    readonly index: number;
    /** 0 to 1. */
    readonly progress: number;
    readonly worker: string;
  }[];
  /** Shards that failed as often as they may: nobody draws them until the job is submitted again. */
  readonly dead: readonly { readonly index: number; readonly reason: string }[];
  /** Why it failed. */
  readonly reason?: string;
}

/**
 * Jobs for many machines, in a queue on Redis or Valkey (BullMQ). The queue says who does what next; what is done is what lies in
 * the store. A shard may be drawn twice, as where a machine is lost, and is stored once.
 */
export class Fleet {
  readonly #connection: RedisConnection;
  readonly #queue: Queue;
  readonly #flow: FlowProducer;

  private constructor(connection: RedisConnection) {
    this.#connection = connection;
    const options = { connection: connection.redis, prefix: PREFIX };
    this.#queue = new Queue(QUEUE, options);
    this.#flow = new FlowProducer(options);
    // The connection reports its own losses.
    this.#queue.on('error', () => {});
    this.#flow.on('error', () => {});
  }

  /**
   * @param url `redis://[user:password@]host[:port][/database]`, or `rediss://` over TLS
   * @throws FleetError where it can't be reached, or could lose jobs
   */
  static async connect(url: string, options: ConnectOptions = {}): Promise<Fleet> {
    return new Fleet(await connectToRedis(url, options));
  }

  /**
   * Adds a job, all its shards at once. One that is there stays, and its dead shards are tried again.
   *
   * @throws FleetError where another job has the name
   * @throws InvalidOptionError
   */
  async submit(job: ShardJob, options: SubmitOptions = {}): Promise<Submitted> {
    const id = await jobId(job);
    const { name = id.slice(0, 12), priority = 0, attempts = 5 } = options;
    assertJobName(name);
    assertInteger('priority', priority, 0, MOST_PRIORITY);
    assertInteger('attempts', attempts, 1);
    assertShards(job);
    assertInteger('of', job.of, 1, MOST_SHARDS);
    const before = await this.#queue.getJob(id);
    const state = await before?.getState();
    if (before && state !== 'failed') {
      const there = readFleetJob(before.data);
      const dead = await this.#dead(id);
      for (const shard of dead) await shard.retry('failed', { resetAttemptsMade: true });
      return {
        ...{ id, name: there.name },
        state: state === 'completed' ? 'done' : dead.length > 0 ? 'retried' : 'waiting',
      };
    }
    if ((await this.#all()).some((each) => each.id !== id && readFleetJob(each.data).name === name))
      throw new FleetError(`Another job is called ${name}. Choose a name by --name, or cancel that job.`);
    await before?.remove();
    const common = { attempts, backoff: { type: 'exponential', delay: 1000, jitter: 0.5 } };
    await this.#flow.add({
      ...{ name: FINISH, queueName: QUEUE, data: writeFleetJob({ ...job, name, priority }) },
      // Without a priority it goes before all shards.
      opts: { ...common, jobId: id },
      children: Array.from({ length: job.of }, (_, index) => ({
        ...{ name: DRAW, queueName: QUEUE, data: { job: id, index } satisfies ShardData },
        opts: {
          ...common,
          jobId: `${id}-${index}`,
          // The smallest number goes first.
          priority: 1 + MOST_PRIORITY - priority,
          removeOnComplete: true,
        },
      })),
    });
    return { id, name, state: state === 'failed' ? 'retried' : 'added' };
  }

  /** All jobs, the newest first. */
  async status(): Promise<FleetJobStatus[]> {
    const [jobs, active, dead] = await Promise.all([
      this.#all(),
      this.#queue.getActive(),
      this.#queue.getFailed(),
    ]);
    return Promise.all(
      jobs.map(async (entry): Promise<FleetJobStatus> => {
        const { name, priority, from, to, of } = readFleetJob(entry.data);
        const [state, { unprocessed = 0 }] = await Promise.all([
          entry.getState(),
          entry.getDependenciesCount({ unprocessed: true }),
        ]);
        const mine = shardsOf(entry.id!);
        return {
          ...{ id: entry.id!, name, priority, pictures: to - from + 1 },
          state:
            state === 'waiting-children'
              ? 'drawing'
              : state === 'completed'
                ? 'done'
                : state === 'failed'
                  ? 'failed'
                  : 'finishing',
          shards: { all: of, done: of - unprocessed },
          active: active.filter(mine).map(({ data, progress, processedBy = '' }) => ({
            index: data.index,
            progress: typeof progress === 'number' ? progress : 0,
            worker: processedBy,
          })),
          dead: dead
            .filter(mine)
            .map(({ data, failedReason }) => ({ index: data.index, reason: failedReason })),
          ...(state === 'failed' ? { reason: entry.failedReason } : {}),
        };
      }),
    );
  }

  /**
   * Takes a job out of the queue. Whoever draws for it stops within seconds; finished shards stay in the store.
   *
   * @param job its name, its id, or the beginning of its id
   * @throws FleetError where there is no such job, or several
   */
  async cancel(job: string): Promise<{ readonly id: string; readonly name: string }> {
    const jobs = (await this.#all()).map((entry) => ({ entry, name: readFleetJob(entry.data).name }));
    const found = jobs.filter(({ entry, name }) => name === job || entry.id!.startsWith(job));
    const [one, ...others] = found;
    if (!one || others.length > 0) {
      const names = (one ? found : jobs).map(({ name }) => name).join(', ') || 'none';
      throw new FleetError(
        `There ${one ? 'are several jobs' : 'is no job'} "${job}". Name one of: ${names}.`,
      );
    }
    const { entry, name } = one;
    const id = entry.id!;
    await entry.removeUnprocessedChildren();
    for (const shard of await this.#dead(id)) await shard.remove();
    await entry.remove({ removeChildren: false });
    return { id, name };
  }

  /**
   * Works until the signal, or until nothing is left. A shard that is under way then goes back to the queue.
   *
   * @throws what failed, after three failures one after the other: the machine is broken, not the shards
   */
  work(work: ShardWork, options: WorkOptions): Promise<void> {
    return workOn({ connection: this.#connection, prefix: PREFIX, queue: this.#queue }, work, options);
  }

  async close(): Promise<void> {
    // Each waits for commands that are under way, which a lost server never answers.
    if (this.#connection.redis.status === 'ready')
      await Promise.allSettled([this.#flow.close(), this.#queue.close()]);
    this.#connection.disconnect();
  }

  async #all(): Promise<Job[]> {
    return (await this.#queue.getJobs([...PLACES])).filter(({ name }) => name === FINISH);
  }

  async #dead(id: string): Promise<Job<ShardData>[]> {
    return (await this.#queue.getFailed()).filter(shardsOf(id));
  }
}

/** Entries of shards of a job. */
const shardsOf =
  (id: string) =>
  ({ name, data }: Job): boolean =>
    name === DRAW && data.job === id;
