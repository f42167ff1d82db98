import { assertShape, InvalidOptionError } from '@tessera/core';
import { assertFeatures } from './moments.js';
import { type PairSums, pairMean } from './pair-mean.js';
import { rowProducts, selectRows } from './row-products.js';

/** All that kernel distances to the same pictures share. */
export interface KernelReference {
  readonly width: number;
  /** [m, width]. */
  readonly features: Float32Array;
  /** [m]; all alike where unknown. */
  readonly labels: ArrayLike<number>;
  /** Σⱼ k(x, yⱼ) over all m, the picture itself included, [m]. */
  readonly rowSums: Float64Array;
  /** The same over the pictures of its class only, [m]. */
  readonly classRowSums: Float64Array;
  /** Σ k(x, y) over pairs of different pictures. */
  readonly pairs: PairSums;
}

export interface KernelOptions {
  /**
   * [n], class indices, where every class has a fixed number of pictures. @default none: the pictures were drawn
   * independently
   */
  readonly labels?: ArrayLike<number>;
}

/** (x·y/d + 1)³ (Bińkowski et al., arXiv 1801.01401, section 3): γ = 1/d, c = 1. */
const kernel = (product: number, width: number): number => (product / width + 1) ** 3;

/**
 * Prepares pictures for being a side of kernel distances. Costs m²·d/2.
 *
 * @param features [m, width]
 */
export function kernelReference(
  features: Float32Array,
  width: number,
  options: KernelOptions = {},
): KernelReference {
  const labels = checkedLabels('the reference', features, width, options);
  const count = labels.length;
  const rowSums = new Float64Array(count);
  const classRowSums = new Float64Array(count);
  const pairs = { same: 0, other: 0 };
  const products = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    rowProducts(features, i, features, [i, count], width, products);
    const own = kernel(products[0]!, width);
    rowSums[i]! += own;
    classRowSums[i]! += own;
    for (let j = i + 1; j < count; j++) {
      const value = kernel(products[j - i]!, width);
      rowSums[i]! += value;
      rowSums[j]! += value;
      if (labels[i] === labels[j]) {
        classRowSums[i]! += value;
        classRowSums[j]! += value;
        pairs.same += value;
      } else {
        pairs.other += value;
      }
    }
  }
  return { width, features, labels, rowSums, classRowSums, pairs };
}

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
 * @param features [n, reference.width]
 */
export function kernelResampler(
  features: Float32Array,
  reference: KernelReference,
  options: KernelOptions = {},
): (counts: Uint16Array) => number {
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
    const { pairs, across } = sumsOf(counts);
    return pairMean(givenLabels, pairs, { counts, whole }) + realWithin - (2 * across) / count;
  };
}

/**
 * The kernel distance between the pictures `chosen` of a reference and all its others: what real pictures score.
 *
 * @param chosen at least two places, all different, at least two less than there are
 */
export function kernelFloor(
  reference: KernelReference,
  { chosen, rest }: { readonly chosen: Uint32Array; readonly rest: Uint32Array },
): number {
  const { features, labels, width, rowSums, classRowSums, pairs } = reference;
  const side = selectRows(features, chosen, width);
  const sideLabels = Array.from(chosen, (place) => labels[place]!);
  const { length } = chosen;
  const products = new Float64Array(length);
  const within = { same: 0, other: 0 };
  let across = 0;
  let acrossSame = 0;
  for (const [i, place] of chosen.entries()) {
    rowProducts(side, i, side, [i, length], width, products);
    const own = kernel(products[0]!, width);
    across += rowSums[place]! - own;
    acrossSame += classRowSums[place]! - own;
    for (let j = i + 1; j < length; j++) {
      const value = kernel(products[j - i]!, width);
      if (sideLabels[i] === sideLabels[j]) within.same += value;
      else within.other += value;
    }
  }
  across -= 2 * (within.same + within.other);
  acrossSame -= 2 * within.same;
  const restPairs = {
    same: pairs.same - within.same - acrossSame,
    other: pairs.other - within.other - (across - acrossSame),
  };
  return (
    pairMean(sideLabels, within) +
    pairMean(
      Array.from(rest, (place) => labels[place]!),
      restPairs,
    ) -
    (2 * across) / (length * rest.length)
  );
}

function checkedLabels(
  what: string,
  features: Float32Array,
  width: number,
  { labels }: KernelOptions,
): ArrayLike<number> {
  assertFeatures(what, features, width);
  const count = features.length / width;
  if (labels) {
    assertShape(`labels of ${what} [n]`, labels, [count]);
    if (new Set(Array.from(labels)).size === count) {
      throw new InvalidOptionError(
        `labels of ${what}`,
        'all different',
        'at least two pictures must share one',
      );
    }
  }
  return labels ?? new Uint8Array(count);
}
