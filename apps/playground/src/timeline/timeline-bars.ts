import type { StepRecord } from '../run/step-record.js';

/** One row of the plot: a number a step. */
export interface TimelineRow {
  readonly label: string;
  /** [steps]. */
  readonly values: readonly number[];
  /** The largest of `values`, 1 at least. */
  readonly top: number;
  /** A value as it is written beside the row. */
  write(value: number): string;
}

/** The rows of the plot: tokens, diffusion steps (the most of each step) and milliseconds. */
export function timelineRows(steps: readonly StepRecord[]): readonly TimelineRow[] {
  const row = (
    label: string,
    of: (step: StepRecord) => number,
    write: (value: number) => string = String,
  ): TimelineRow => {
    const values = steps.map(of);
    return { label, values, top: Math.max(1, ...values), write };
  };
  return [
    row('tokens', (step) => step.positions.length),
    row('diffusion', (step) => Math.max(...step.diffusionSteps)),
    row(
      'time',
      (step) => step.milliseconds,
      (ms) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`,
    ),
  ];
}

/** A step in words, for a screen reader. */
export function describeStep(
  steps: readonly StepRecord[],
  shown: number,
  stepsInAll: number | undefined,
): string {
  const step = steps[shown];
  if (!step) return 'Before the first step';
  const [tokens, diffusion, time] = timelineRows(steps);
  const least = Math.min(...step.diffusionSteps);
  const most = diffusion!.values[shown]!;
  const chosen = step.chosen.length > 0 ? `, ${step.chosen.length} of them chosen for detail` : '';
  const inAll = stepsInAll === undefined ? '' : ` of ${stepsInAll}`;
  return `Step ${shown + 1}${inAll}, ${step.stage}: ${tokens!.values[shown]} tokens${chosen}, ${least === most ? most : `${least} to ${most}`} diffusion steps, ${time!.write(step.milliseconds)}`;
}
