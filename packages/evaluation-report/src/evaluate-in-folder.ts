import { setImmediate } from 'node:timers/promises';
import type { ImageRgb } from '@tessera/core';
import {
  assertEvaluateOptions,
  type ComparedMetric,
  drawVariants,
  type EvaluationProgress,
  evaluate,
  type MeasuredPicture,
  type ReferencePictures,
} from '@tessera/evaluate';
import { assertSamplingFits, buildSampling, jsonHash, recipeOf } from '@tessera/format';
import { type ModelInUse, thisMachine } from './environment.js';
import type { EvaluationDocument } from './evaluation-document.js';
import type { LoadedNetwork } from './feature-network-file.js';
import { changesSinceFirst, referenceKey, referenceText } from './store/first-evaluation.js';
import { type FolderStore, openFolderStore } from './store/folder-store.js';
import { SHOWN } from './store/variant-folder.js';
import { subjectsOf } from './subjects.js';
import { type Variant, variantKey } from './variant.js';

export interface FolderDrawingOptions {
  readonly used: ModelInUse;
  readonly variants: readonly Variant[];
  /** Pictures a variant. */
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
  /** Hears how many of a variant's kept pictures a network has been shown that had not seen them yet. */
  onSeen?(arm: string, done: number, total: number): void;
  /** @param done pictures that each variant has from before, of `total` */
  onStart?(done: ReadonlyMap<string, number>, total: number): void;
  onProgress?(progress: EvaluationProgress): void;
}

export interface FolderEvaluationOptions extends FolderDrawingOptions {
  /** The first is what the others are compared with. */
  readonly variants: readonly Variant[];
  readonly reference: ReferencePictures;
  readonly resamples?: number;
  /** Of the real pictures, for the floors. @default 10 */
  readonly splits?: number;
  /** @default those of the network, if it has any */
  readonly margins?: Partial<Readonly<Record<ComparedMetric, number>>>;
  /** Pairs of names: [variant, against]. @default every variant against the first */
  readonly compare?: readonly (readonly [arm: string, against: string])[];
  /**
   * What it is about: evaluations about another thing in the same folder have a first one of their own. @default nothing
   */
  readonly subject?: string;
  /** What the report says how to make it again. */
  readonly command: string;
}

/** What came of an evaluation. */
export interface FolderEvaluation {
  readonly document: EvaluationDocument;
  /** The first pictures of each variant. */
  readonly pictures: readonly (readonly ImageRgb[])[];
  /** Pictures that were to be kept and were drawn before without being kept. */
  readonly notKept: number;
}

/**
 * Draws the pictures of variants that a folder lacks, and compares nothing yet. Processes may draw into one folder at the same
 * time, each its own variants.
 *
 * @throws EvaluationFolderError where the folder holds pictures of another model or seed, or drawn in another way
 * @throws InvalidOptionError where a variant can't be sampled, before the folder is made
 */
export async function drawInFolder(
  options: FolderDrawingOptions,
): Promise<readonly (readonly MeasuredPicture[])[]> {
  const asked = drawing(options);
  return withStore(options, (store) => drawVariants({ ...asked, store }));
}

/**
 * What can be known before hours of drawing.
 *
 * @throws InvalidOptionError as {@link evaluateInFolder} does
 */
export function assertFolderEvaluation(options: FolderEvaluationOptions): void {
  assertEvaluateOptions(measuring(options));
}

/**
 * Evaluates with the pictures of a folder, drawing what is missing there. What is drawn is kept, so that the same call
 * goes on after a stop, and another one with the same model and seed shares what both need. What the first evaluation of a
 * folder was set to is kept as well, and later ones say what they changed.
 *
 * @throws EvaluationFolderError where the folder holds pictures of another model or seed, or drawn in another way
 * @throws InvalidOptionError as `evaluate` does, or where a variant can't be sampled, before the folder is made
 */
export async function evaluateInFolder(options: FolderEvaluationOptions): Promise<FolderEvaluation> {
  const { used, variants, n, batch, reference, folder } = options;
  const asked = measuring(options);
  assertEvaluateOptions(asked);
  return withStore(options, async (store) => {
    const report = await evaluate({ ...asked, store });
    const { device, dtype, versions } = used.made;
    const recorded = store.recorded(n);
    return {
      document: {
        ...report,
        arms: report.arms.map((arm, place) => ({ ...arm, description: variants[place]!.sampling })),
        network: { ...report.network, key: options.loaded.key },
        reference: { ...report.reference, key: referenceKey(reference) },
        model: used.identity,
        made: {
          device,
          dtype,
          ...store.environments(n),
          measuredWith: versions,
          batch,
          together: store.together(n),
          ...(recorded.length > 0 ? { recorded } : {}),
        },
        changes: await changesSinceFirst(folder, firstKey(options), {
          n,
          margins: report.margins,
          resamples: report.resamples,
          reference: referenceText(reference),
        }),
        command: options.command,
      },
      pictures: await Promise.all(variants.map(({ name }) => store.firstPictures(name, Math.min(n, SHOWN)))),
      notKept: store.notKept(n),
    };
  });
}

function firstKey({ loaded, subject }: FolderEvaluationOptions): string {
  return subject === undefined ? loaded.key : `${subject}-${loaded.key}`;
}

/** What is drawn, but for the store, once it is sure that it can be. */
function drawing({ used, variants, n, seed, batch, loaded, signal, onProgress }: FolderDrawingOptions) {
  const { groups, prompts } = subjectsOf(used.model.manifest, loaded);
  for (const { sampling, used: { model } = used } of variants) {
    assertSamplingFits(sampling, model);
  }
  return {
    model: used.model,
    classes: groups,
    ...(prompts ? { prompts } : {}),
    variants: variants.map(({ name, sampling, used: own }) => ({
      name,
      description: variantKey({ sampling, ...(own ? { used: own } : {}) }),
      ...(own ? { model: own.model } : {}),
      ...buildSampling(sampling),
    })),
    n,
    seed,
    batch,
    network: loaded.network,
    clock: () => performance.now(),
    signal,
    ...(onProgress ? { onProgress } : {}),
  };
}

/** What is drawn and measured, but for the store. */
function measuring(options: FolderEvaluationOptions) {
  const { loaded, reference, resamples, splits, margins, compare } = options;
  return {
    ...drawing(options),
    reference,
    pause: () => setImmediate(),
    ...(resamples === undefined ? {} : { resamples }),
    ...(splits === undefined ? {} : { splits }),
    margins: { ...loaded.margins, ...margins },
    ...(compare === undefined ? {} : { compare }),
  };
}

async function withStore<T>(
  options: FolderDrawingOptions,
  work: (store: FolderStore) => Promise<T>,
): Promise<T> {
  const { used, variants, n, seed, batch, loaded, folder, keep = SHOWN, signal } = options;
  const { model, identity, made } = used;
  const { prompts, pictureOf } = subjectsOf(model.manifest, loaded);
  const store = await openFolderStore({
    folder,
    identity: {
      model: identity.name,
      sha256: identity.sha256,
      seed,
      device: made.device,
      dtype: made.dtype,
      batch,
      ...(prompts ? { prompts: await jsonHash(prompts) } : {}),
    },
    arms: variants,
    pictureOf,
    network: loaded.network,
    networkKey: loaded.key,
    ...(loaded.recorded ? { recorded: loaded.recorded } : {}),
    environment: { threads: model.threads, versions: made.versions, machine: thisMachine() },
    keep,
    signal,
    ...(options.onSeen ? { onSeen: options.onSeen } : {}),
    recipeOf({ sampling, used: { identity, made } = used }, picture) {
      return recipeOf({ model: identity, seed, sampling, made, pictures: [picture] });
    },
  });
  try {
    options.onStart?.(new Map(variants.map(({ name }) => [name, store.count(name, n)])), n);
    return await work(store);
  } finally {
    await store.close();
  }
}
