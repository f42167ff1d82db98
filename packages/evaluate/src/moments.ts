import { InvalidOptionError } from '@tessera/core';
import { assertShape, NonFiniteError } from '@tessera/core/model';
import { atOnce, type Chunked } from './chunked.js';
import type { Rows } from './row-products.js';

/** Mean [d] of rows [n, d]. */
export function meanOf(rows: Rows, width: number): Float64Array {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < rows.length; i += width) {
    for (let k = 0; k < width; k++) mean[k]! += rows[i + k]!;
  }
  for (let k = 0; k < width; k++) mean[k]! /= count;
  return mean;
}

/** `rows` [n, d] minus `shift` [d] from each, in float64. */
export function shifted(rows: Rows, shift: Float64Array): Float64Array {
  const width = shift.length;
  const moved = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += width) {
    for (let k = 0; k < width; k++) moved[i + k] = rows[i + k]! - shift[k]!;
  }
  return moved;
}

export interface Moments {
  /** [d]. */
  readonly mean: Float64Array;
  /** [d, d]. */
  readonly covariance: Float64Array;
}

/**
 * Mean and covariance of rows [n, d] of which row i occurs `counts[i]` times, with N − 1 in the denominator for N
 * occurrences in all. Rows should lie about the origin, for the covariance is Σ c x xᵀ less the mean's own.
 */
export function weightedMoments(rows: Float64Array, width: number, counts: ArrayLike<number>): Moments {
  return atOnce(chunkedMoments(rows, width, counts));
}

/** {@link weightedMoments}, a few rows a piece. */
export function* chunkedMoments(
  rows: Float64Array,
  width: number,
  counts: ArrayLike<number>,
): Chunked<Moments> {
  const mean = new Float64Array(width);
  const covariance = new Float64Array(width * width);
  const present: number[] = [];
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! > 0) present.push(i);
    total += counts[i]!;
  }
  // Four rows at once, so that the covariance is gone through a quarter as often; absent ones weigh nothing.
  for (let i = 0; i < present.length; i += 4) {
    const [p, q = p, r = p, s = p] = present.slice(i, i + 4) as [number, ...number[]];
    const there = present.length - i;
    const countP = counts[p]!;
    const countQ = there > 1 ? counts[q]! : 0;
    const countR = there > 2 ? counts[r]! : 0;
    const countS = there > 3 ? counts[s]! : 0;
    const [rowP, rowQ, rowR, rowS] = [p * width, q * width, r * width, s * width] as const;
    for (let a = 0; a < width; a++) {
      const valueP = countP * rows[rowP + a]!;
      const valueQ = countQ * rows[rowQ + a]!;
      const valueR = countR * rows[rowR + a]!;
      const valueS = countS * rows[rowS + a]!;
      mean[a]! += valueP + valueQ + valueR + valueS;
      const line = a * width;
      for (let b = 0; b <= a; b++) {
        covariance[line + b]! +=
          valueP * rows[rowP + b]! +
          valueQ * rows[rowQ + b]! +
          valueR * rows[rowR + b]! +
          valueS * rows[rowS + b]!;
      }
    }
    yield;
  }
  for (let a = 0; a < width; a++) mean[a]! /= total;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      const value = (covariance[a * width + b]! - total * mean[a]! * mean[b]!) / (total - 1);
      covariance[a * width + b] = value;
      covariance[b * width + a] = value;
    }
  }
  return { mean, covariance };
}

/**
 * Throws unless `features` is [n, width] for n ≥ 2 and finite.
 *
 * @param what names the features in the error
 */
export function assertFeatures(what: string, features: Float32Array, width: number): void {
  const count = Math.floor(features.length / width);
  assertShape(`${what} [n, ${width}]`, features, [count, width]);
  if (count < 2) throw new InvalidOptionError(what, `${count} pictures`, 'two pictures are the least');
  if (!features.every(Number.isFinite)) throw new NonFiniteError(`A feature of ${what}`);
}
