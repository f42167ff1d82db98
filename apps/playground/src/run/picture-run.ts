import type { DescribeFailure } from '../model-loading/failure.js';
import type { Settings } from '../settings/settings.js';
import { Drawing, type DrawingState } from './drawing.js';
import { followRun } from './follow-run.js';
import type { FinishedRun, Run, StepRecord } from './step-record.js';

interface PictureContent {
  readonly steps: readonly StepRecord[];
  readonly finished?: FinishedRun;
}

/** One picture as far as it has come. */
export type PictureState = DrawingState & PictureContent;

/** Makes one picture at a time. */
export class PictureRun extends Drawing<PictureContent> {
  constructor(describe?: DescribeFailure) {
    super({ steps: [] }, describe);
  }

  start(settings: Settings, begin: (signal: AbortSignal) => Run | Promise<Run>): Promise<void> {
    return this.draw(settings, async (signal, update) => {
      const run = await begin(signal);
      const steps: StepRecord[] = [];
      const finished = await followRun(run, signal, (step) => {
        steps.push(step);
        update({ steps: [...steps] });
      });
      return { finished };
    });
  }

  /** Shows a picture that was finished before, without its steps. */
  show(settings: Settings, finished: FinishedRun): void {
    this.replace({ status: 'done', settings }, { finished });
  }
}
