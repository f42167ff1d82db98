import { InvalidOptionError } from '@tessera/core';
import { atOnce, type Chunked } from './chunked.js';
import { checkedLabels, type KernelOptions, type KernelReference, kernel } from './kernel-reference.js';
import { type PairSums, pairMean } from './pair-mean.js';
import { assertCounts } from './resampling.js';
import { rowProducts, selectRows } from './row-products.js';

/**
 * The unbiased squared maximum mean discrepancy under the cubic kernel (x·y/d + 1)³, over all pictures at once (KID,
 * Bińkowski et al., arXiv 1801.01401, section 4). Unbiased: two samples of one distribution give 0 on average at any n,
 * so it may be negative.
 *
 * With `labels`, pairs of one class and pairs of two are averaged apart and weighted by the share that they have among
 * independent draws. Else a sample with a fixed number of pictures a class, which has too few pairs of one class, would
 * look too varied.
 *
 * @param features [n, reference.width]
 */
export function kernelDistance(
  features: Float32Array,
  reference: KernelReference,
  options: KernelOptions = {},
): number {
  const once = new Uint16Array(features.length / reference.width).fill(1);
  return kernelDistances(features, reference, [once], options)[0]!;
}

/**
 * The kernel distance of each of several resamples, told by how often each picture occurs. Pairs of a picture with its own
 * copy are left out, for they say nothing about the distribution and would enlarge every resample. Where no class has two
 * different pictures left, the mean over pairs of one class is that of the pictures as they are.
 *
 * Costs n²·d/2, n·m·d and n²/2 a resample; the kernel's matrix, n²/2 numbers, is never whole in memory.
 *
 * @param features [n, reference.width]
 * @param resamples [n] each
 * @returns one a resample
 * @throws ShapeMismatchError where counts are not [n], and InvalidOptionError where they are not n in all, or where labels are
 *   given and a class has more or fewer pictures than it has: its share is taken to stay as it is, as `resampleCounts` leaves it
 */
export function kernelDistances(
  features: Float32Array,
  reference: KernelReference,
  resamples: readonly Uint16Array[],
  options: KernelOptions = {},
): Float64Array {
  return atOnce(chunkedKernelDistances(features, reference, resamples, options));
}

/** {@link kernelDistances}, a row a piece. */
export function* chunkedKernelDistances(
  features: Float32Array,
  reference: KernelReference,
  resamples: readonly Uint16Array[],
  options: KernelOptions,
): Chunked<Float64Array> {
  const { width } = reference;
  const givenLabels = checkedLabels('the pictures', features, width, options);
  const count = givenLabels.length;
  for (const counts of resamples) {
    assertCounts(counts, count);
    if (options.labels) assertClassSizes(counts, options.labels);
  }
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => givenLabels[a]! - givenLabels[b]!);
  // By class, so that a row's pairs of one class come first.
  const sorted = selectRows(features, order, width);
  const labels = order.map((place) => givenLabels[place]!);
  /** Where the class of each picture ends. */
  const ends = labels.map((label) => labels.lastIndexOf(label) + 1);
  const realCount = reference.labels.length;
  const products = new Float64Array(Math.max(count, realCount));
  const values = new Float64Array(count);
  // The pictures as they are, and then each resample.
  const sums = [new Uint16Array(count).fill(1), ...resamples].map((counts) => ({
    counts: Uint16Array.from(order, (place) => counts[place]!),
    same: 0,
    other: 0,
    across: 0,
  }));
  for (let i = 0; i < count; i++) {
    rowProducts(sorted, i, sorted, [i + 1, count], width, products);
    for (let j = i + 1; j < count; j++) values[j] = kernel(products[j - i - 1]!, width);
    rowProducts(sorted, i, reference.features, [0, realCount], width, products);
    let toReal = 0;
    for (let j = 0; j < realCount; j++) toReal += kernel(products[j]!, width);
    toReal /= realCount;
    for (const sum of sums) {
      const occurrences = sum.counts[i]!;
      if (occurrences === 0) continue;
      sum.same += occurrences * weighted(values, sum.counts, i + 1, ends[i]!);
      sum.other += occurrences * weighted(values, sum.counts, ends[i]!, count);
      sum.across += occurrences * toReal;
    }
    yield;
  }
  const [whole, ...resampled] = sums as [PairSums, ...typeof sums];
  const realWithin = pairMean(reference.labels, reference.pairs);
  return Float64Array.from(resampled, ({ across, ...pairs }, r) => {
    const within = pairMean(givenLabels, pairs, { counts: resamples[r]!, whole });
    return within + realWithin - (2 * across) / count;
  });
}

/** Σ cⱼ vⱼ for j = from … to − 1. */
function weighted(values: Float64Array, counts: Uint16Array, from: number, to: number): number {
  let sum = 0;
  for (let j = from; j < to; j++) sum += counts[j]! * values[j]!;
  return sum;
}

function assertClassSizes(counts: Uint16Array, labels: ArrayLike<number>): void {
  const excess = new Map<number, number>();
  for (const [i, count] of counts.entries()) {
    const label = labels[i]!;
    excess.set(label, (excess.get(label) ?? 0) + count - 1);
  }
  const changed = [...excess].find(([, more]) => more !== 0);
  if (!changed) return;
  const [label, more] = changed;
  const problem = `hold ${Math.abs(more)} ${more > 0 ? 'more' : 'fewer'} pictures of class ${label} than there are; every class keeps its number`;
  throw new InvalidOptionError('counts', `[${counts.length} counts]`, problem);
}
