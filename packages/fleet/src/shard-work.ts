import type { NamedJob } from './fleet-job.js';

export interface DrawnShard {
  /** How many pictures it has. */
  readonly pictures: number;
  /** Whether it was there before. */
  readonly wasThere: boolean;
}

export interface FinishedJob {
  readonly pictures: number;
  readonly shards: number;
}

/** What a machine does with a job, whoever tells it to: a scheduler of array jobs, or a queue. */
export interface ShardWork {
  /**
   * Draws a shard into the store, unless it is there.
   *
   * @param options.onProgress takes the part that is done, 0 to 1
   */
  draw(
    job: NamedJob,
    index: number,
    options: { readonly signal: AbortSignal; onProgress(done: number): void },
  ): Promise<DrawnShard>;
  /** Checks all shards, and writes what is about the whole. */
  finish(job: NamedJob, options: { readonly signal: AbortSignal }): Promise<FinishedJob>;
}
