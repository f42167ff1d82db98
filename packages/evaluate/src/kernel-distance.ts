import { checkedLabels, type KernelOptions, type KernelReference, kernel } from './kernel-reference.js';
import { type PairSums, pairMean } from './pair-mean.js';
import { atOnce, type Piecewise } from './piecewise.js';
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
  return kernelResampler(
    features,
    reference,
    options,
  )(new Uint16Array(features.length / reference.width).fill(1));
}

/**
 * The kernel distance as a function of how often each picture occurs. Pairs of a picture with its own copy are left out,
 * for they say nothing about the distribution and would enlarge every resample. Where no class has two different
 * pictures left, the mean over pairs of one class is that of the pictures as they are.
 *
 * Costs n²·d/2 and n·m·d once, n²/2 a call; keeps n²/2 numbers of 8 bytes.
 *
 * The function throws ShapeMismatchError where `counts` is not [n], and InvalidOptionError where they are not n in all: it
 * takes the classes' shares to be those of the pictures.
 *
 * @param features [n, reference.width]
 */
export function kernelResampler(
  features: Float32Array,
  reference: KernelReference,
  options: KernelOptions = {},
): (counts: Uint16Array) => number {
  return atOnce(piecewiseKernelResampler(features, reference, options));
}

/** {@link kernelResampler}, a row a piece. */
export function* piecewiseKernelResampler(
  features: Float32Array,
  reference: KernelReference,
  options: KernelOptions,
): Piecewise<(counts: Uint16Array) => number> {
  const { width } = reference;
  const givenLabels = checkedLabels('the pictures', features, width, options);
  const count = givenLabels.length;
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => givenLabels[a]! - givenLabels[b]!);
  // By class, so that a row's pairs of one class come first.
  const sorted = selectRows(features, order, width);
  const labels = order.map((place) => givenLabels[place]!);
  const realCount = reference.labels.length;
  /** Row i holds k(xᵢ, xⱼ) for j > i. */
  const values = new Float64Array((count * (count - 1)) / 2);
  const toReal = new Float64Array(count);
  const products = new Float64Array(Math.max(count, realCount));
  let place = 0;
  for (let i = 0; i < count; i++) {
    rowProducts(sorted, i, sorted, [i + 1, count], width, products);
    for (let j = i + 1; j < count; j++) values[place++] = kernel(products[j - i - 1]!, width);
    rowProducts(sorted, i, reference.features, [0, realCount], width, products);
    let sum = 0;
    for (let j = 0; j < realCount; j++) sum += kernel(products[j]!, width);
    toReal[i] = sum / realCount;
    yield;
  }
  /** Where the class of each picture ends. */
  const ends = labels.map((label) => labels.lastIndexOf(label) + 1);
  const realWithin = pairMean(reference.labels, reference.pairs);

  const sumsOf = (counts: ArrayLike<number>): { pairs: PairSums; across: number } => {
    let same = 0;
    let other = 0;
    let across = 0;
    let start = 0;
    for (let i = 0; i < count; i++) {
      const occurrences = counts[order[i]!]!;
      if (occurrences > 0) {
        const end = ends[i]!;
        let sum = 0;
        for (let j = i + 1; j < end; j++) sum += counts[order[j]!]! * values[start + j - i - 1]!;
        same += occurrences * sum;
        sum = 0;
        for (let j = end; j < count; j++) sum += counts[order[j]!]! * values[start + j - i - 1]!;
        other += occurrences * sum;
        across += occurrences * toReal[i]!;
      }
      start += count - 1 - i;
    }
    return { pairs: { same, other }, across };
  };
  const whole = sumsOf(new Uint8Array(count).fill(1)).pairs;
  return (counts) => {
    assertCounts(counts, count);
    const { pairs, across } = sumsOf(counts);
    return pairMean(givenLabels, pairs, { counts, whole }) + realWithin - (2 * across) / count;
  };
}
