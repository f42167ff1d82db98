import type { FinishedRun, Run, StepRecord } from './step-record.js';

export type RaceEvent =
  | { readonly type: 'step'; readonly lane: number; readonly step: StepRecord }
  | { readonly type: 'finish'; readonly lane: number; readonly run: FinishedRun };

/**
 * Runs several generations on one model as a fair race: whichever has used the least of the model's time goes next. So
 * all lanes stand at the same time of their own, and the fastest is finished first.
 */
export async function* race(runs: readonly Run[]): AsyncGenerator<RaceEvent, void, undefined> {
  const lanes = runs.map((run, lane) => ({ run, lane, used: 0 }));
  const active = new Set(lanes);
  try {
    while (active.size > 0) {
      const [next] = [...active].sort((a, b) => a.used - b.used || a.lane - b.lane);
      const { done, value } = await next!.run.next();
      if (done) {
        active.delete(next!);
        yield { type: 'finish', lane: next!.lane, run: value };
      } else {
        next!.used += value.milliseconds;
        yield { type: 'step', lane: next!.lane, step: value };
      }
    }
  } finally {
    await Promise.all([...active].map(({ run }) => run.return(undefined as never)));
  }
}
