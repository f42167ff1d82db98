import { cpus } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { ImageRgb } from '@tessera/core';
import {
  type ComparedMetric,
  drawArms,
  type EvaluationProgress,
  evaluate,
  type ReferencePictures,
} from '@tessera/evaluate';
import { recipeOf, samplingFrom } from '@tessera/recipe';
import type { ModelInUse } from '../model-options.js';
import type { NamedSampling } from '../policies-option.js';
import type { EvaluationDocument } from './evaluation-document.js';
import type { LoadedNetwork } from './feature-network-file.js';
import { SHOWN } from './shown-pictures.js';
import { type FolderStore, openFolderStore } from './store/folder-store.js';

export interface FolderDrawingOptions {
  readonly used: ModelInUse;
  readonly arms: readonly NamedSampling[];
  /** Pictures an arm. */
  readonly n: number;
  readonly seed: number;
  /** Pictures drawn at once. */
  readonly batch: number;
  readonly loaded: LoadedNetwork;
  /** Where pictures, times and features are kept. */
  readonly folder: string;
  /** Pictures with an index below this are kept as files. @default {@link SHOWN} */
  readonly keep?: number;
  readonly signal: AbortSignal;
  /** @param done pictures that each arm has from before */
  onStart?(done: ReadonlyMap<string, number>): void;
  onProgress?(progress: EvaluationProgress): void;
}

export interface FolderEvaluationOptions extends FolderDrawingOptions {
  /** The first is what the others are compared with. */
  readonly arms: readonly NamedSampling[];
  readonly reference: ReferencePictures;
  readonly resamples?: number;
  readonly margins?: Partial<Readonly<Record<ComparedMetric, number>>>;
  /** Pairs of names: [arm, against]. @default every arm against the first */
  readonly compare?: readonly (readonly [arm: string, against: string])[];
  /** What the report says how to make it again. */
  readonly command: string;
}

/** What came of an evaluation. */
export interface FolderEvaluation {
  readonly document: EvaluationDocument;
  /** The first pictures of each arm. */
  readonly pictures: readonly (readonly ImageRgb[])[];
}

/**
 * Draws the pictures of arms that a folder lacks, and measures nothing yet. Processes may draw into one folder at the same
 * time, each its own arms.
 *
 * @throws EvaluationFolderError where the folder holds pictures of another model or seed, or drawn in another way
 */
export async function drawInFolder(options: FolderDrawingOptions): Promise<void> {
  await withStore(options, (store) => drawArms(drawing(options, store)));
}

/**
 * Evaluates with the pictures of a folder, drawing what is missing there. What is drawn is kept, so that the same call
 * goes on after a stop, and another one with the same model and seed shares what both need.
 *
 * @throws EvaluationFolderError where the folder holds pictures of another model or seed, or drawn in another way
 */
export function evaluateInFolder(options: FolderEvaluationOptions): Promise<FolderEvaluation> {
  const { used, arms, n, batch, reference } = options;
  return withStore(options, async (store) => {
    const report = await evaluate({
      ...drawing(options, store),
      reference,
      pause: () => setImmediate(),
      ...(options.resamples === undefined ? {} : { resamples: options.resamples }),
      ...(options.margins === undefined ? {} : { margins: options.margins }),
      ...(options.compare === undefined ? {} : { compare: options.compare }),
    });
    const processors = cpus();
    return {
      document: {
        ...report,
        model: used.identity,
        made: {
          ...used.made,
          threads: used.model.threads,
          batch,
          processor: processors[0]?.model.trim() ?? 'unknown',
          cores: processors.length,
          together: store.together(n),
        },
        command: options.command,
      },
      pictures: await Promise.all(arms.map(({ name }) => store.firstPictures(name, Math.min(n, SHOWN)))),
    };
  });
}

function drawing(
  { used, arms, n, seed, batch, loaded, signal, onProgress }: FolderDrawingOptions,
  store: FolderStore,
) {
  return {
    model: used.model,
    classes: used.model.manifest.condition.count,
    arms: arms.map(({ name, sampling }) => ({ name, description: sampling, ...samplingFrom(sampling) })),
    n,
    seed,
    batch,
    network: loaded.network,
    store,
    clock: () => performance.now(),
    signal,
    ...(onProgress ? { onProgress } : {}),
  };
}

async function withStore<T>(
  options: FolderDrawingOptions,
  work: (store: FolderStore) => Promise<T>,
): Promise<T> {
  const { used, arms, n, seed, batch, loaded, folder, keep = SHOWN, signal } = options;
  const { model, identity, made } = used;
  const store = await openFolderStore({
    folder,
    identity: {
      model: identity.name,
      sha256: identity.sha256,
      seed,
      device: made.device,
      dtype: made.dtype,
      batch,
    },
    arms,
    classes: model.manifest.condition,
    network: loaded.network,
    networkKey: loaded.key,
    keep,
    signal,
    recipeOf: (sampling, picture) => recipeOf({ model: identity, seed, sampling, made, pictures: [picture] }),
  });
  try {
    options.onStart?.(new Map(arms.map(({ name }) => [name, store.count(name, n)])));
    return await work(store);
  } finally {
    await store.close();
  }
}
