import {
  type FolderEvaluationOptions,
  type StudyProgress,
  type TimeLeft,
  timeLeft,
} from '@tessera/evaluation-report';
import { secondsText } from '@tessera/evaluation-report/display';
import { samplingSteps } from '@tessera/format';
import type { Output } from './command-context.js';

export type EvaluationProgressBar = ReturnType<typeof evaluationProgress>;

/** Shows how far an evaluation is; `fraction` is of its pictures, once any are to be drawn. */
export function evaluationProgress({ progress }: Pick<Output, 'progress'>) {
  let left: TimeLeft | undefined;
  let atOnce = 1;
  const bar = {
    fraction: () => left?.fraction(),
    onSeen: (name: string, done: number, total: number) =>
      progress.update(done / total, `${done}/${total} kept pictures of ${name} seen`),
    onWorkers(variants: FolderEvaluationOptions['variants'], n: number, workers: number) {
      const names = variants.map(({ name }) => name);
      const steps = new Map(variants.map(({ name, sampling }) => [name, samplingSteps(sampling)]));
      left = timeLeft(new Map(names.map((name) => [name, 0])), n, steps);
      atOnce = workers;
    },
    onStart(done: ReadonlyMap<string, number>, total: number) {
      left = timeLeft(done, total);
      atOnce = 1;
    },
    onDrawn(name: string, done: number, seconds: number | undefined) {
      left!.update(name, done, seconds);
      if (seconds === undefined) return;
      const rest = left!.seconds();
      const label = `${name}  ${done} drawn  ${secondsText(seconds)} s/image`;
      progress.update(left!.fraction(), label, rest === undefined ? undefined : rest / atOnce);
    },
    onProgress(step: StudyProgress) {
      if (step.phase === 'drawing') return bar.onDrawn(step.variant, step.done, step.seconds);
      const { phase, done, total } = step;
      const what =
        phase === 'floors'
          ? 'measuring the floors'
          : phase === 'timing'
            ? `timing  ${done}/${total}`
            : `resampling ${step.variant}`;
      progress.update(done / total, what);
    },
  };
  return bar;
}
