import type { ImageRgb } from '@tessera/core';
import type { Metrics } from './metrics.js';
import type { PooledModel } from './model-pool.js';
import type { PictureJob } from './picture-job.js';

/** What comes of a job, as it comes. */
export interface Drawn {
  /** The picture's place in the job. */
  readonly index: number;
  readonly image: ImageRgb;
  /** Of a picture that isn't finished, which one it is, from 0. */
  readonly partial?: number;
}

export interface DrawOptions {
  /** Pictures of unfinished grids, of each image. */
  readonly partials: number;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  /** Called when the first step begins. */
  onBegin(waitedSeconds: number): void;
}

/** Draws a job, and counts what it takes. */
export async function* drawJob(
  job: PictureJob,
  served: PooledModel,
  { partials, signal, metrics, onBegin }: DrawOptions,
): AsyncGenerator<Drawn, void, undefined> {
  const label = { model: served.name };
  const now = (): number => performance.now() / 1000;
  const came = now();
  let began: number | undefined;
  let finished = 0;
  const stepsBegan = new Map<number, number>();
  const shown = new Map<number, number>();
  for await (const event of job.run(signal)) {
    if (event.type === 'image') {
      finished++;
      if (finished === job.count && began !== undefined)
        served.secondsPerPicture += 0.3 * ((now() - began) / finished - served.secondsPerPicture);
      metrics.pictures.inc(label);
      yield { index: event.batchIndex, image: event.image };
      continue;
    }
    for (const { batchIndex } of event.batch) {
      const stepBegan = stepsBegan.get(batchIndex);
      if (event.type === 'step-start') stepsBegan.set(batchIndex, now());
      else if (stepBegan !== undefined) metrics.stepSeconds.observe(label, now() - stepBegan);
    }
    if (event.type === 'step-start') {
      if (began !== undefined) continue;
      began = now();
      const waited = began - came;
      metrics.waitSeconds.observe(label, waited);
      onBegin(waited);
      continue;
    }
    if (partials === 0) continue;
    // An edit of few tokens has fewer steps than its policy, which the progress knows.
    const { progress, step } = event;
    const steps = progress.steps === undefined ? job.steps : progress.steps / job.count;
    for (const { batchIndex: index } of event.batch) {
      const partial = shown.get(index) ?? 0;
      const isLast = step + 1 >= steps;
      if (partial >= partials || isLast || (step + 1) / steps < (partial + 1) / (partials + 1)) continue;
      shown.set(index, partial + 1);
      yield { index, image: await event.preview(index), partial };
    }
  }
}
