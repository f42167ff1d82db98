import { join } from 'node:path';
import type { EvaluationProgress } from '@tessera/evaluate';
import type { ModelInUse } from '../environment.js';
import {
  evaluateInFolder,
  type FolderDrawingOptions,
  type FolderEvaluation,
  type FolderEvaluationOptions,
} from '../evaluate-in-folder.js';
import type { EvaluationDocument } from '../evaluation-document.js';
import type { NetworkWithReference } from '../network-with-reference.js';
import { subjectsOf } from '../subjects.js';
import { type Study, variantsOf } from './study.js';
import { timeVariants } from './timing.js';

/** How far a study is; `timing` counts pictures. */
export type StudyProgress =
  | EvaluationProgress
  | { readonly phase: 'timing'; readonly done: number; readonly total: number };

export interface StudyOptions extends Pick<FolderDrawingOptions, 'folder' | 'signal' | 'onSeen' | 'onStart'> {
  readonly study: Study;
  readonly used: ModelInUse;
  readonly measuring: NetworkWithReference;
  /** What the report says how to make it again. */
  readonly command: string;
  /** Pictures of each class that a timed study times. @default 3 */
  readonly timedRounds?: number;
  onProgress?(progress: StudyProgress): void;
}

/** A study as an evaluation, e.g. for `assertFolderEvaluation`. */
export function studyEvaluation(options: StudyOptions): FolderEvaluationOptions {
  const { study, measuring, used, onProgress } = options;
  const { n, seed, batch, resamples, margins, comparisons } = study;
  return {
    ...options,
    ...measuring,
    variants: variantsOf(study, used.model),
    n,
    seed,
    batch,
    // All of them, so that another network can be shown them without hours of drawing.
    keep: n,
    ...(resamples === undefined ? {} : { resamples }),
    ...(margins === undefined ? {} : { margins }),
    ...(comparisons === undefined ? {} : { compare: comparisons }),
    // Studies share a folder, and each was evaluated for the first time on its own.
    subject: study.id,
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/**
 * Draws what a study lacks, measures, and times if the study asks for it.
 *
 * @throws InvalidOptionError before anything is drawn, where it can't be drawn or measured
 */
export async function runStudy(options: StudyOptions): Promise<FolderEvaluation> {
  const { study, used, folder, signal, onProgress } = options;
  const evaluation = await evaluateInFolder(studyEvaluation(options));
  if (!study.timed) return evaluation;
  const { variants, ...timing } = await timeVariants({
    used,
    variants: variantsOf(study, used.model),
    seed: study.seed,
    subjects: subjectsOf(used.model.manifest, options.measuring.loaded),
    rounds: options.timedRounds ?? 3,
    path: join(folder, `timing-${study.id}.json`),
    signal,
    onProgress: (done, total) => onProgress?.({ phase: 'timing', done, total }),
  });
  const document: EvaluationDocument = {
    ...evaluation.document,
    timing,
    arms: evaluation.document.arms.map((arm, i) => {
      const { secondsPerImage, speedup } = variants[i]!;
      return { ...arm, secondsPerImage, speedup };
    }),
  };
  return { ...evaluation, document };
}
