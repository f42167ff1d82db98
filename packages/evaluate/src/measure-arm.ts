import { keyedNoise } from '@tessera/core';
import { centredInterval } from './centred-interval.js';
import type { ArmMetrics, ComparedMetric } from './evaluation-report.js';
import type { JudgedPicture } from './evaluation-store.js';
import { type FrechetReference, frechetReference, frechetResampler } from './frechet-distance.js';
import { intraClassDistance } from './intra-class-distance.js';
import { kernelResampler } from './kernel-distance.js';
import { type KernelReference, kernelReference } from './kernel-reference.js';
import { type Manifold, manifoldOf, precisionAndRecall } from './precision-recall.js';
import type { ReferencePictures } from './reference-pictures.js';
import { splitReference } from './reference-split.js';
import { resampleCounts } from './resampling.js';
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

/** @param n pictures an arm: precision and recall are taken against as many real ones, if there are so many */
export function measureReference(reference: ReferencePictures, n: number, seed: number): MeasuredReference {
  const { features, width, labels } = reference;
  const noise = keyedNoise({ seed }).fork('manifold');
  const some =
    n * width < features.length
      ? selectRows(features, splitReference(reference, n, noise).chosen, width)
      : features;
  return {
    frechet: frechetReference(features, width),
    kernel: kernelReference(features, width, labels ? { labels } : {}),
    manifold: manifoldOf(some, width),
    intraClass: labels && intraClassDistance(features, labels, width),
  };
}

/** An arm's metrics, and what resamples of its pictures score: [resamples]. */
export interface MeasuredArm {
  readonly metrics: ArmMetrics;
  readonly replicates: Readonly<Record<ComparedMetric, Float64Array>>;
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
  /** Awaited after every resample. */
  readonly onResample: (done: number) => Promise<void>;
}

/** Measures the pictures of an arm. Resample r takes the same places of every arm, so that differences are paired. */
export async function measureArm(
  pictures: readonly JudgedPicture[],
  options: MeasureOptions,
): Promise<MeasuredArm> {
  const { reference, width, classes, damageNames, seed, resamples, confidence, onResample } = options;
  const features = new Float32Array(pictures.length * width);
  for (const [i, picture] of pictures.entries()) features.set(picture.features, i * width);
  const labels = pictures.map(({ index }) => index % classes);
  const seenClasses = known(pictures, ({ seenClass }) => seenClass);
  const seenDamages = known(pictures, ({ seenDamage }) => seenDamage);

  const scores = {
    frechet: frechetResampler(features, reference.frechet, { linear: width > LARGEST_EXACT_WIDTH }),
    kid: kernelResampler(features, reference.kernel, { labels }),
  };
  const replicates = { frechet: new Float64Array(resamples), kid: new Float64Array(resamples) };
  const noise = keyedNoise({ seed });
  for (let resample = 0; resample < resamples; resample++) {
    const counts = resampleCounts(labels, noise.fork('resample', resample));
    replicates.frechet[resample] = scores.frechet(counts);
    replicates.kid[resample] = scores.kid(counts);
    await onResample(resample + 1);
  }
  const once = new Uint16Array(pictures.length).fill(1);
  const metrics: ArmMetrics = {
    frechet: centredInterval(scores.frechet(once), replicates.frechet, confidence),
    kid: centredInterval(scores.kid(once), replicates.kid, confidence),
    ...precisionAndRecall(manifoldOf(features, width), reference.manifold),
    classAccuracy: seenClasses && classAccuracy(seenClasses, labels),
    diversity:
      reference.intraClass === undefined
        ? null
        : intraClassDistance(features, labels, width) / reference.intraClass,
    damages: seenDamages && damageNames ? damageShares(seenDamages, damageNames) : null,
  };
  return { metrics, replicates };
}

/** A number of each picture; null where any is unknown. */
function known(
  pictures: readonly JudgedPicture[],
  of: (picture: JudgedPicture) => number | null,
): readonly number[] | null {
  const numbers = pictures.flatMap((picture) => of(picture) ?? []);
  return numbers.length === pictures.length ? numbers : null;
}
