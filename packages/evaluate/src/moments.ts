import { assertShape, InvalidOptionError, NonFiniteError } from '@tessera/core';
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
  return Float64Array.from(rows, (value, i) => value - shift[i % width]!);
}

/**
 * Mean and covariance of rows [n, d] of which row i occurs `counts[i]` times, with N − 1 in the denominator for N
 * occurrences in all. Rows should lie about the origin, for the covariance is Σ c x xᵀ less the mean's own.
 *
 * @returns mean [d] and covariance [d, d]
 */
export function weightedMoments(
  rows: Float64Array,
  width: number,
  counts: ArrayLike<number>,
): { readonly mean: Float64Array; readonly covariance: Float64Array } {
  const mean = new Float64Array(width);
  const covariance = new Float64Array(width * width);
  let total = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0) continue;
    total += count;
    const row = i * width;
    for (let a = 0; a < width; a++) {
      const scaled = count * rows[row + a]!;
      mean[a]! += scaled;
      const line = a * width;
      for (let b = 0; b <= a; b++) covariance[line + b]! += scaled * rows[row + b]!;
    }
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
