import type { FinishedRun, Run, StepRecord } from './step-record.js';

/**
 * Takes a run to its end.
 *
 * @throws the signal's reason; the run is left then
 */
export async function followRun(
  run: Run,
  signal: AbortSignal,
  onStep: (step: StepRecord) => void,
): Promise<FinishedRun> {
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await run.next();
      signal.throwIfAborted();
      if (done) return value;
      onStep(value);
    }
  } finally {
    leaveRun(run);
  }
}

/** Ends a run before its time; nobody waits for the step that it stands in. */
export function leaveRun(run: Run): void {
  void run.return(undefined as never).catch(() => undefined);
}
