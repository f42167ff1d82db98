import { join } from 'node:path';
import {
  assertFolderEvaluation,
  type EvaluationDocument,
  evaluateInFolder,
  type FolderEvaluation,
  type FolderEvaluationOptions,
  type Judging,
  type TimeLeft,
  timeLeft,
  type Variant,
} from '@tessera/evaluation-report';
import { secondsText, shortTime } from '@tessera/evaluation-report/display';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { samplingNamed, samplingOf } from '@tessera/format';
import type { Study } from './study.js';
import { type Timing, timeVariants } from './timing.js';

export interface StudyOptions {
  readonly study: Study;
  readonly used: ModelInUse;
  readonly judging: Judging;
  /** Pictures a variant. */
  readonly n: number;
  readonly seed: number;
  readonly batch: number;
  /** What a reader types to get the same numbers. */
  readonly command: string;
  /** Where drawn pictures are kept, those of all studies. */
  readonly store: string;
  /** Of the evaluation, for tests. @default those of `evaluate` */
  readonly resamples?: number;
  /** Pictures of each class that a timed study times. @default 3 */
  readonly timedRounds?: number;
  readonly signal: AbortSignal;
  /** Hears of progress, as a line for people. */
  say(line: string): void;
}

/** What a study found. */
export interface StudyResult {
  readonly study: Study;
  readonly arms: readonly Variant[];
  readonly evaluation: FolderEvaluation;
}

/** A study's variants with all that a model advises. */
export function variantsOf({ arms }: Study, { model }: ModelInUse): Variant[] {
  const advised = model.manifest.sampling;
  return arms.map(({ name, text }) => ({ name, sampling: samplingOf(samplingNamed(text), advised) }));
}

/**
 * What can be known before hours of drawing.
 *
 * @throws InvalidOptionError where a study can't be drawn or measured, e.g. with too few pictures
 */
export function assertStudy(options: StudyOptions): void {
  assertFolderEvaluation(evaluationOf(options));
}

function evaluationOf(options: StudyOptions): FolderEvaluationOptions {
  const { study, used, judging, n, seed, batch, store, signal } = options;
  return {
    used,
    ...judging,
    variants: variantsOf(study, used),
    n,
    seed,
    batch,
    folder: store,
    // All of them, so that another judge can see them without hours of drawing.
    keep: n,
    ...(options.resamples === undefined ? {} : { resamples: options.resamples }),
    ...(study.comparisons ? { compare: study.comparisons } : {}),
    // The folder is that of all studies, and each was looked at for the first time on its own.
    subject: study.id,
    command: options.command,
    signal,
  };
}

/** Draws what a study still lacks, and measures. */
export async function runStudy(options: StudyOptions): Promise<StudyResult> {
  const { study, used, n, seed, store, signal, say } = options;
  const asked = evaluationOf(options);
  const { variants: arms } = asked;
  let left: TimeLeft | undefined;
  const evaluation = await evaluateInFolder({
    ...asked,
    onSeen: (arm, done, total) => say(`${study.id}: ${arm}  ${done}/${total} kept pictures seen`),
    onStart(done) {
      left = timeLeft(done, n);
    },
    onProgress(progress) {
      if (progress.phase === 'drawing') {
        const { variant: arm, done, total, seconds } = progress;
        left!.update(arm, done, seconds);
        const rest = shortTime(left!.seconds() ?? 0);
        say(`${study.id}: ${arm}  ${done}/${total}  ${secondsText(seconds)} s/image  ${rest} left`);
      } else {
        const what = progress.phase === 'floors' ? 'floors' : `resampling ${progress.variant}`;
        say(`${study.id}: ${what}  ${progress.done}/${progress.total}`);
      }
    },
  });
  if (!study.timed) return { study, arms, evaluation };
  const timing = await timeVariants({
    used,
    arms,
    seed,
    rounds: options.timedRounds ?? 3,
    path: join(store, `timing-${study.id}.json`),
    signal,
    onProgress: (done, total) => say(`${study.id}: timing  ${done}/${total}`),
  });
  return { study, arms, evaluation: { ...evaluation, document: timed(evaluation.document, timing) } };
}

/** The document with the times of a run that took all variants in turn. */
function timed(document: EvaluationDocument, { arms, ...timing }: Timing): EvaluationDocument {
  return {
    ...document,
    timing,
    arms: document.arms.map((arm, i) => {
      const { secondsPerImage, speedup } = arms[i]!;
      return { ...arm, secondsPerImage, speedup };
    }),
  };
}
