import { InvalidOptionError } from '@tessera/core';
import { assertShape } from '@tessera/core/model';
import { atOnce, type Chunked } from './chunked.js';
import { assertFeatures } from './moments.js';
import type { PairSums } from './pair-mean.js';
import { rowProducts } from './row-products.js';

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

/** The kernel of a scalar product x·y: (x·y/d + 1)³ (Bińkowski et al., arXiv 1801.01401, section 3): γ = 1/d, c = 1. */
export const kernel = (product: number, width: number): number => (product / width + 1) ** 3;

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
  return atOnce(chunkedKernelReference(features, width, options));
}

/** {@link kernelReference}, a row a piece. */
export function* chunkedKernelReference(
  features: Float32Array,
  width: number,
  options: KernelOptions,
): Chunked<KernelReference> {
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
    yield;
  }
  return { width, features, labels, rowSums, classRowSums, pairs };
}

/** The labels given for `features`, or the same for all. */
export function checkedLabels(
  what: string,
  features: Float32Array,
  width: number,
  { labels }: KernelOptions,
): ArrayLike<number> {
  assertFeatures(what, features, width);
  const count = features.length / width;
  if (labels) {
    assertShape(`labels of ${what} [n]`, labels, [count]);
    assertSharedLabel(what, labels);
  }
  return labels ?? new Uint8Array(count);
}

/** Throws unless two pictures are of one class. */
export function assertSharedLabel(what: string, labels: ArrayLike<number>): void {
  if (new Set(Array.from(labels)).size < labels.length) return;
  throw new InvalidOptionError(
    `labels of ${what}`,
    'all different',
    'at least two pictures must share one; give more pictures a class, or no labels',
  );
}
