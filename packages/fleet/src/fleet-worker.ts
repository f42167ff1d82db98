import { setTimeout as pause } from 'node:timers/promises';
import { type Job, type Queue, WaitingError, Worker } from 'bullmq';
import type { RedisConnection } from './connect-to-redis.js';
import { type FleetJob, readFleetJob } from './fleet-job.js';
import type { DrawnShard, FinishedJob, ShardWork } from './shard-work.js';

/** Names of entries: of a job, which waits for its shards, and of a shard. */
export const [FINISH, DRAW] = ['finish', 'draw'] as const;

/** What the entry of a shard holds; that of a job holds the job. */
export interface ShardData {
  /** The job's id. */
  readonly job: string;
  readonly index: number;
}

export interface WorkOptions {
  /** Ends the work: what is under way goes back to the queue. */
  readonly signal: AbortSignal;
  /** What `status` calls this worker. */
  readonly name?: string;
  /** Ends when no shard is left to draw and no job to finish. @default false */
  readonly untilEmpty?: boolean;
  /** A worker that has said nothing for so long counts as lost, and its shard goes to another one. @default 30 */
  readonly lostAfterSeconds?: number;
  onShard?(job: FleetJob, index: number, drawn: DrawnShard): void;
  onFinish?(job: FleetJob, finished: FinishedJob): void;
  /** What went wrong and is tried again. */
  onProblem?(problem: Error): void;
}

/** Failures one after the other after which a worker ends. */
const MOST_FAILURES = 3;
/** Losses of the machine at work after which a shard is dead: spot machines vanish often, and some shard may be what kills them. */
const MOST_LOSSES = 25;
const LOOK_EVERY = 2000;
/** How long a worker that is told to stop waits for a lost server. */
const LAST_WAIT = 5000;

/** Takes one entry of the queue after the other. */
export async function workOn(
  {
    connection,
    prefix,
    queue,
  }: { readonly connection: RedisConnection; readonly prefix: string; readonly queue: Queue },
  work: ShardWork,
  options: WorkOptions,
): Promise<void> {
  const { signal, name, untilEmpty = false, lostAfterSeconds = 30, onShard, onFinish, onProblem } = options;
  if (signal.aborted) return;
  const ended = new AbortController();
  const stopped = AbortSignal.any([signal, ended.signal]);
  let failures = 0;
  let broken: Error | undefined;

  /** Does what an entry says, until the job is cancelled, or this worker is to stop. */
  const process = async (entry: Job, token = ''): Promise<void> => {
    const isShard = entry.name === DRAW;
    const id: string = isShard ? entry.data.job : entry.id;
    const found = await queue.getJob(id);
    if (!found) return;
    const cancelled = new AbortController();
    const over = new AbortController();
    const looking = watch(
      async () => {
        // Not the job itself, which may hold many prompts.
        if ((await queue.getJobState(id)) === 'unknown') cancelled.abort();
      },
      { until: over.signal, every: LOOK_EVERY },
    );
    const until = { signal: AbortSignal.any([stopped, cancelled.signal]) };
    try {
      const job = readFleetJob(found.data);
      if (isShard) {
        const { index } = entry.data as ShardData;
        const onProgress = seldom((done) => void entry.updateProgress(done).catch(() => {}));
        const drawn = await work.draw(job, index, { ...until, onProgress });
        onShard?.(job, index, drawn);
      } else {
        const finished = await work.finish(job, until);
        onFinish?.(job, finished);
      }
      failures = 0;
    } catch (error) {
      if (cancelled.signal.aborted) return;
      if (stopped.aborted) {
        await entry.moveToWait(token);
        throw new WaitingError();
      }
      const problem = error instanceof Error ? error : new Error(String(error));
      onProblem?.(problem);
      failures++;
      if (failures === MOST_FAILURES) {
        broken = problem;
        ended.abort();
      }
      throw problem;
    } finally {
      over.abort();
      await looking;
    }
  };

  const worker = new Worker(queue.name, process, {
    ...{ connection: connection.redis, prefix, maxStalledCount: MOST_LOSSES },
    ...(name === undefined ? {} : { name }),
    lockDuration: lostAfterSeconds * 1000,
    stalledInterval: lostAfterSeconds * 1000,
    // Before a command that failed is tried again, as where the server was lost.
    runRetryDelay: 1000,
  });
  worker.on('error', (error) => onProblem?.(error));
  const looking = watch(
    async () => {
      if (untilEmpty && (await isEmpty(queue))) ended.abort();
    },
    { until: stopped, every: 300 },
  );
  try {
    await aborted(stopped);
  } finally {
    const closing = Promise.all([worker.close(), looking.catch(() => {})]);
    const lastWait = () => Promise.race([closing, pause(LAST_WAIT, undefined, { ref: false })]);
    await lastWait();
    // A server that is lost never answers what waits for it.
    if (connection.redis.status !== 'ready') {
      connection.disconnect();
      await lastWait();
    }
  }
  if (broken) throw broken;
}

async function isEmpty(queue: Queue): Promise<boolean> {
  return (await queue.getJobCountByTypes('wait', 'active', 'prioritized', 'delayed')) === 0;
}

/** Looks again and again, until the signal. */
async function watch(
  look: () => Promise<void>,
  { until, every }: { readonly until: AbortSignal; readonly every: number },
): Promise<void> {
  while (!until.aborted) {
    await pause(every, undefined, { signal: until }).catch(() => {});
    if (!until.aborted) await look();
  }
}

/** Passes on a number at most every {@link LOOK_EVERY} milliseconds. */
function seldom(tell: (value: number) => void): (value: number) => void {
  let told = Date.now();
  return (value) => {
    if (Date.now() - told < LOOK_EVERY) return;
    told = Date.now();
    tell(value);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
