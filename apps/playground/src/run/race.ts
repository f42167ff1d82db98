import type { FinishedRun, Run, StepRecord } from './step-record.js';

export type RaceEvent =
  | { readonly index: number; readonly step: StepRecord; readonly run?: undefined }
  | { readonly index: number; readonly step?: undefined; readonly run: FinishedRun };

/**
 * Runs several generations on one model as a fair race: whichever has used the least of the model's time goes next. So
 * all stand at the same time of their own, and the fastest is finished first.
 */
export async function* race(runs: readonly Run[]): AsyncGenerator<RaceEvent, void, undefined> {
  const active = new Set(runs.map((run, index) => ({ run, index, used: 0 })));
  try {
    while (active.size > 0) {
      const [next] = [...active].sort((a, b) => a.used - b.used || a.index - b.index);
      const { done, value } = await next!.run.next();
      if (done) {
        active.delete(next!);
        yield { index: next!.index, run: value };
      } else {
        next!.used += value.milliseconds;
        yield { index: next!.index, step: value };
      }
    }
  } finally {
    await Promise.all([...active].map(({ run }) => run.return(undefined as never)));
  }
}
