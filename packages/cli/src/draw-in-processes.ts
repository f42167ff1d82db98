import { fileURLToPath } from 'node:url';
import { drawSideBySide, type FolderDrawingOptions, SHOWN } from '@tessera/evaluation-report';
import { EMBEDDED } from '@tessera/format';
import type { EvaluationProgressBar } from './evaluation-progress.js';
import { type ModelFlags, placeOf } from './model-options.js';

interface WorkerFlags extends Pick<ModelFlags, 'threads' | 'model'> {
  readonly workers: number;
  readonly network?: string;
  readonly real?: string;
}

/** Draws what the evaluation lacks, each variant in a process. */
export async function drawInProcesses(
  { used, variants, n, seed, batch, folder, keep = SHOWN, signal }: FolderDrawingOptions,
  { workers, threads = 1, model = EMBEDDED, network, real }: WorkerFlags,
  progress: EvaluationProgressBar,
): Promise<void> {
  const { device, dtype } = used.model;
  const place = await placeOf(model);
  progress.onWorkers(variants, n, workers);
  await drawSideBySide({
    task: {
      model: typeof place === 'string' ? place : fileURLToPath(place),
      location: model,
      load: { device, dtype, threads },
      ...(network === undefined ? {} : { network }),
      ...(real === undefined ? {} : { real }),
      ...{ n, seed, batch, folder, keep },
    },
    workers,
    variants,
    signal,
    onReport(report) {
      if (report.type === 'seen') progress.onSeen(report.name, report.done, report.total);
      else if (report.type === 'drawn') progress.onDrawn(report.name, report.done, report.seconds);
    },
  });
}
