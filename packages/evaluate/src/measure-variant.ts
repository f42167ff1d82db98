import { keyedNoise } from '@tessera/core';
import { centredInterval } from './centred-interval.js';
import { type Chunked, inChunks } from './chunked.js';
import type { AskedPrompts } from './evaluation-options.js';
import type { ComparedMetric, PromptScore, VariantMetrics } from './evaluation-report.js';
import type { MeasuredPicture } from './evaluation-store.js';
import {
  chunkedFrechetReference,
  chunkedFrechetResampler,
  type FrechetReference,
} from './frechet-distance.js';
import { chunkedIntraClassDistance } from './intra-class-distance.js';
import { chunkedKernelDistances } from './kernel-distance.js';
import { chunkedKernelReference, type KernelReference } from './kernel-reference.js';
import {
  chunkedManifold,
  chunkedPrecisionAndRecall,
  type Manifold,
  type PrecisionAndRecall,
} from './precision-recall.js';
import { type MetPrompts, metPrompts } from './prompt-score.js';
import { chunkedRecallResampler } from './recall-resampler.js';
import type { ReferencePictures } from './reference-pictures.js';
import { splitReference } from './reference-split.js';
import { halfOf, resampleCounts, varianceCorrection } from './resampling.js';
import { selectRows } from './row-products.js';
import { classAccuracy, corruptionShares } from './shares.js';

/** Wider features make an eigenproblem a resample too dear, see `frechetResampler`. */
const LARGEST_EXACT_WIDTH = 256;

/** Real pictures, prepared for all metrics. */
export interface MeasuredReference {
  readonly frechet: FrechetReference;
  readonly kernel: KernelReference;
  readonly manifold: Manifold;
  /** Mean distance between two of one class; undefined where labels are unknown. */
  readonly intraClass: number | undefined;
}

/**
 * Prepares real pictures, a few rows a piece.
 *
 * @param n pictures a variant: precision and recall are taken against as many real ones, if there are so many
 */
export function* measureReference(
  reference: ReferencePictures,
  n: number,
  seed: number,
): Chunked<MeasuredReference> {
  const { features, width, labels } = reference;
  const noise = keyedNoise({ seed }).fork('manifold');
  const some =
    n * width < features.length
      ? selectRows(features, splitReference(reference, n, noise).chosen, width)
      : features;
  return {
    frechet: yield* chunkedFrechetReference(features, width),
    kernel: yield* chunkedKernelReference(features, width, labels ? { labels } : {}),
    manifold: yield* chunkedManifold(some, width),
    intraClass: labels && (yield* chunkedIntraClassDistance(features, labels, width)),
  };
}

/** A variant's metrics, and what resamples of its pictures score: [resamples]; of pictures of classes, scores are 0. */
export interface MeasuredVariant {
  readonly metrics: VariantMetrics;
  readonly replicates: Readonly<Record<ComparedMetric, Float64Array>>;
  /** What deviations of replicates are multiplied by, see `varianceCorrection`. */
  readonly spread: number;
}

export interface MeasureOptions {
  readonly reference: MeasuredReference;
  readonly width: number;
  /** Classes asked for in turn. */
  readonly classes: number;
  readonly prompts: AskedPrompts | undefined;
  readonly damageNames: readonly string[] | undefined;
  readonly seed: number;
  readonly resamples: number;
  readonly confidence: number;
  /** Awaited between pieces of work; true where the host has dealt with its events. */
  readonly yieldToEventLoop: () => Promise<boolean>;
  /** Called after a breath, `done` being the resamples so far. */
  readonly onResample: (done: number) => void;
}

/** Measures the pictures of a variant. Resample r takes the same places of every variant, so that differences are paired. */
export async function measureVariant(
  pictures: readonly MeasuredPicture[],
  options: MeasureOptions,
): Promise<MeasuredVariant> {
  const {
    reference,
    width,
    classes,
    prompts,
    damageNames,
    seed,
    resamples,
    confidence,
    yieldToEventLoop,
    onResample,
  } = options;
  const features = new Float32Array(pictures.length * width);
  for (const [i, picture] of pictures.entries()) features.set(picture.features, i * width);
  const labels = pictures.map(({ index }) => index % classes);
  const seenClasses = known(pictures, ({ seenClass }) => seenClass);
  const seenDamages = known(pictures, ({ seenDamage }) => seenDamage);

  const noise = keyedNoise({ seed });
  const once = new Uint16Array(pictures.length).fill(1);
  const counts = Array.from({ length: resamples }, (_, resample) =>
    resampleCounts(labels, noise.fork('resample', resample)),
  );
  const [kid, ...kids] = await inChunks(
    chunkedKernelDistances(features, reference.kernel, [once, ...counts], { labels }),
    yieldToEventLoop,
  );
  const frechet = await inChunks(
    chunkedFrechetResampler(features, reference.frechet, { linear: width > LARGEST_EXACT_WIDTH }),
    yieldToEventLoop,
  );
  const coverage = await inChunks(coverageOf(features, reference.manifold), yieldToEventLoop);
  const covering = labels.slice(0, reference.manifold.lengths.length);
  const replicates = {
    frechet: new Float64Array(resamples),
    kid: Float64Array.from(kids),
    recall: new Float64Array(resamples),
    score: new Float64Array(resamples),
  };
  const met = prompts && metPrompts(pictures, prompts);
  for (const [resample, occurrences] of counts.entries()) {
    replicates.frechet[resample] = frechet(occurrences);
    replicates.recall[resample] = coverage.recallOf(halfOf(covering, noise.fork('half', resample)));
    if (met) replicates.score[resample] = met.scoreOf(occurrences);
    if (await yieldToEventLoop()) onResample(resample + 1);
  }
  const spread = varianceCorrection(labels);
  const promptScore = ({ scoreOf, ...rest }: MetPrompts): PromptScore => ({
    score: centredInterval(scoreOf(once), replicates.score, confidence, { spread }),
    ...rest,
  });
  const metrics: VariantMetrics = {
    frechet: centredInterval(frechet(once), replicates.frechet, confidence, { spread }),
    kid: centredInterval(kid!, replicates.kid, confidence, { spread }),
    precision: coverage.precision,
    recall: coverage.recall,
    classAccuracy: seenClasses && classAccuracy(seenClasses, labels),
    diversity:
      reference.intraClass === undefined
        ? null
        : (await inChunks(chunkedIntraClassDistance(features, labels, width), yieldToEventLoop)) /
          reference.intraClass,
    damages: seenDamages && damageNames ? corruptionShares(seenDamages, damageNames) : null,
    ...(met ? { prompts: promptScore(met) } : {}),
  };
  return { metrics, replicates, spread };
}

/** Precision and recall of as many of the variant's pictures as there are real ones in `real`, the first; and recall of a part. */
function* coverageOf(
  features: Float32Array,
  real: Manifold,
): Chunked<PrecisionAndRecall & { readonly recallOf: (taken: Uint8Array) => number }> {
  const { width } = real;
  const asMany = yield* chunkedManifold(features.subarray(0, real.features.length), width);
  const shares = yield* chunkedPrecisionAndRecall(asMany, real);
  return { ...shares, recallOf: yield* chunkedRecallResampler(asMany, real) };
}

/** A number of each picture; null where any is unknown. */
function known(
  pictures: readonly MeasuredPicture[],
  of: (picture: MeasuredPicture) => number | null,
): readonly number[] | null {
  const numbers = pictures.flatMap((picture) => of(picture) ?? []);
  return numbers.length === pictures.length ? numbers : null;
}
