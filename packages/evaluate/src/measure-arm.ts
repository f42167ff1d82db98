import { keyedNoise } from '@tessera/core';
import { centredInterval } from './centred-interval.js';
import type { ArmMetrics, ComparedMetric } from './evaluation-report.js';
import type { JudgedPicture } from './evaluation-store.js';
import {
  type FrechetReference,
  piecewiseFrechetReference,
  piecewiseFrechetResampler,
} from './frechet-distance.js';
import { piecewiseIntraClassDistance } from './intra-class-distance.js';
import { piecewiseKernelDistances } from './kernel-distance.js';
import { type KernelReference, piecewiseKernelReference } from './kernel-reference.js';
import { inPieces, type Piecewise } from './piecewise.js';
import {
  type Manifold,
  type PrecisionAndRecall,
  piecewiseManifold,
  piecewisePrecisionAndRecall,
} from './precision-recall.js';
import type { ReferencePictures } from './reference-pictures.js';
import { splitReference } from './reference-split.js';
import { resampleCounts, resampleSpread } from './resampling.js';
import { selectRows } from './row-products.js';
import { classAccuracy, damageShares } from './shares.js';

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
 * @param n pictures an arm: precision and recall are taken against as many real ones, if there are so many
 */
export function* measureReference(
  reference: ReferencePictures,
  n: number,
  seed: number,
): Piecewise<MeasuredReference> {
  const { features, width, labels } = reference;
  const noise = keyedNoise({ seed }).fork('manifold');
  const some =
    n * width < features.length
      ? selectRows(features, splitReference(reference, n, noise).chosen, width)
      : features;
  return {
    frechet: yield* piecewiseFrechetReference(features, width),
    kernel: yield* piecewiseKernelReference(features, width, labels ? { labels } : {}),
    manifold: yield* piecewiseManifold(some, width),
    intraClass: labels && (yield* piecewiseIntraClassDistance(features, labels, width)),
  };
}

/** An arm's metrics, and what resamples of its pictures score: [resamples]. */
export interface MeasuredArm {
  readonly metrics: ArmMetrics;
  readonly replicates: Readonly<Record<ComparedMetric, Float64Array>>;
  /** What deviations of replicates are multiplied by, see `resampleSpread`. */
  readonly spread: number;
}

export interface MeasureOptions {
  readonly reference: MeasuredReference;
  readonly width: number;
  /** Classes asked for in turn. */
  readonly classes: number;
  readonly damageNames: readonly string[] | undefined;
  readonly seed: number;
  readonly resamples: number;
  readonly confidence: number;
  /** Awaited between pieces of work; true where the host has dealt with its events. */
  readonly breathe: () => Promise<boolean>;
  /** Called after a breath, `done` being the resamples so far. */
  readonly onResample: (done: number) => void;
}

/** Measures the pictures of an arm. Resample r takes the same places of every arm, so that differences are paired. */
export async function measureArm(
  pictures: readonly JudgedPicture[],
  options: MeasureOptions,
): Promise<MeasuredArm> {
  const { reference, width, classes, damageNames, seed, resamples, confidence, breathe, onResample } =
    options;
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
  const [kid, ...kids] = await inPieces(
    piecewiseKernelDistances(features, reference.kernel, [once, ...counts], { labels }),
    breathe,
  );
  const frechet = await inPieces(
    piecewiseFrechetResampler(features, reference.frechet, { linear: width > LARGEST_EXACT_WIDTH }),
    breathe,
  );
  const replicates = { frechet: new Float64Array(resamples), kid: Float64Array.from(kids) };
  for (const [resample, occurrences] of counts.entries()) {
    replicates.frechet[resample] = frechet(occurrences);
    if (await breathe()) onResample(resample + 1);
  }
  const spread = resampleSpread(labels);
  const metrics: ArmMetrics = {
    frechet: centredInterval(frechet(once), replicates.frechet, confidence, { spread }),
    kid: centredInterval(kid!, replicates.kid, confidence, { spread }),
    ...(await inPieces(coverageOf(features, reference.manifold), breathe)),
    classAccuracy: seenClasses && classAccuracy(seenClasses, labels),
    diversity:
      reference.intraClass === undefined
        ? null
        : (await inPieces(piecewiseIntraClassDistance(features, labels, width), breathe)) /
          reference.intraClass,
    damages: seenDamages && damageNames ? damageShares(seenDamages, damageNames) : null,
  };
  return { metrics, replicates, spread };
}

/** Precision and recall of as many of the arm's pictures as there are real ones in `real`: the first, classes in turn. */
function* coverageOf(features: Float32Array, real: Manifold): Piecewise<PrecisionAndRecall> {
  const { width } = real;
  const asMany = yield* piecewiseManifold(features.subarray(0, real.features.length), width);
  return yield* piecewisePrecisionAndRecall(asMany, real);
}

/** A number of each picture; null where any is unknown. */
function known(
  pictures: readonly JudgedPicture[],
  of: (picture: JudgedPicture) => number | null,
): readonly number[] | null {
  const numbers = pictures.flatMap((picture) => of(picture) ?? []);
  return numbers.length === pictures.length ? numbers : null;
}
