import { atOnce, type Chunked } from './chunked.js';
import { assertFeatures, chunkedMoments, meanOf, shifted, weightedMoments } from './moments.js';
import { assertCounts } from './resampling.js';
import { symmetricEigen, symmetricRoot } from './symmetric-eigen.js';
import { symmetricEigenvalues } from './symmetric-eigenvalues.js';

/** All that Fréchet distances to the same pictures share. */
export interface FrechetReference {
  readonly width: number;
  /** μ, [d]. */
  readonly mean: Float64Array;
  /** tr Σ. */
  readonly trace: number;
  /** √Σ, [d, d]. */
  readonly root: Float64Array;
}

/**
 * Prepares pictures for being a side of Fréchet distances.
 *
 * @param features [m, width]
 */
export function frechetReference(features: Float32Array, width: number): FrechetReference {
  return atOnce(chunkedFrechetReference(features, width));
}

/** {@link frechetReference}; the eigenproblem at its end, d³, is one piece. */
export function* chunkedFrechetReference(features: Float32Array, width: number): Chunked<FrechetReference> {
  assertFeatures('the reference', features, width);
  const mean = meanOf(features, width);
  const counts = new Uint8Array(features.length / width).fill(1);
  const { covariance } = yield* chunkedMoments(shifted(features, mean), width, counts);
  return { width, mean, trace: traceOf(covariance, width), root: symmetricRoot(covariance, width) };
}

/**
 * The Fréchet distance of normal distributions fitted to features, |μ − μ'|² + tr(Σ + Σ' − 2√(ΣΣ')) (Heusel et al.,
 * arXiv 1706.08500, equation 6), covariances with n − 1. It grows as n gets smaller: compare it at equal n only.
 *
 * @param features [n, reference.width]
 */
export function frechetDistance(features: Float32Array, reference: FrechetReference): number {
  return atOnce(chunkedFrechetDistance(features, reference));
}

/** {@link frechetDistance}; the eigenproblem at its end, d³, is one piece. */
export function* chunkedFrechetDistance(
  features: Float32Array,
  reference: FrechetReference,
): Chunked<number> {
  const resampled = yield* chunkedFrechetResampler(features, reference);
  return resampled(new Uint16Array(features.length / reference.width).fill(1));
}

/**
 * The Fréchet distance as a function of how often each picture occurs: `counts` [n] of all ones gives the distance
 * itself, those of `resampleCounts` a resample's.
 *
 * Each call costs one symmetric eigenproblem, d³. `linear` solves a single one beforehand and takes tr √(ΣΣ') to first
 * order in `counts`, mean and tr Σ' as they are: n·d a call, for wide networks. That replicates lie too high, as Fréchet
 * distances of resamples do, is then lost, which a centred interval takes out anyway.
 *
 * The function throws ShapeMismatchError where `counts` is not [n], and InvalidOptionError where they are fewer than two in
 * all or, `linear`, other than n.
 *
 * @param features [n, reference.width]
 * @param options.linear @default false
 */
export function frechetResampler(
  features: Float32Array,
  reference: FrechetReference,
  options: { readonly linear?: boolean } = {},
): (counts: Uint16Array) => number {
  return atOnce(chunkedFrechetResampler(features, reference, options));
}

/** {@link frechetResampler}, a few rows a piece; an eigenproblem, d³, is one. */
export function* chunkedFrechetResampler(
  features: Float32Array,
  reference: FrechetReference,
  { linear = false }: { readonly linear?: boolean } = {},
): Chunked<(counts: Uint16Array) => number> {
  const { width, root } = reference;
  assertFeatures('the pictures', features, width);
  // About the pictures' own mean, for the sake of rounding; `offset` is from the reference's.
  const shift = meanOf(features, width);
  const offset = shift.map((value, k) => value - reference.mean[k]!);
  const centred = shifted(features, shift);
  // tr √(ΣΣ') = tr √(√Σ Σ' √Σ), and √Σ Σ' √Σ is the covariance of the rows x √Σ: multiplied once, for all resamples.
  const rooted = yield* times(centred, root, width);
  const overlap = linear ? yield* linearOverlap(rooted, width) : exactOverlap(rooted, width);
  const count = features.length / width;
  return (counts) => {
    assertCounts(counts, count, linear ? [count, count] : [2, Number.POSITIVE_INFINITY]);
    let total = 0;
    let squares = 0;
    const mean = new Float64Array(width);
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!;
      if (count === 0) continue;
      total += count;
      for (let k = 0; k < width; k++) {
        const value = centred[i * width + k]!;
        mean[k]! += count * value;
        squares += count * value * value;
      }
    }
    let distance = reference.trace;
    for (let k = 0; k < width; k++) {
      const average = mean[k]! / total;
      squares -= total * average * average;
      distance += (offset[k]! + average) ** 2;
    }
    return distance + squares / (total - 1) - 2 * overlap(counts);
  };
}

/** tr √(ΣΣ') as a function of how often each row of x √Σ [n, d] occurs. */
type Overlap = (counts: Uint16Array) => number;

function exactOverlap(rooted: Float64Array, width: number): Overlap {
  return (counts) => {
    const { covariance } = weightedMoments(rooted, width, counts);
    let sum = 0;
    for (const value of symmetricEigenvalues(covariance, width)) sum += Math.sqrt(Math.max(0, value));
    return sum;
  };
}

/**
 * With M the covariance of the rows y, ∂ tr √M / ∂ cᵢ = yᵢᵀ M^(−½) yᵢ / 2(n − 1); where M is singular, its pseudo-inverse
 * does, since weights alone can't move M out of the rows' span.
 */
function* linearOverlap(rooted: Float64Array, width: number): Chunked<Overlap> {
  const count = rooted.length / width;
  const { covariance } = yield* chunkedMoments(rooted, width, new Uint8Array(count).fill(1));
  const { values, vectors } = symmetricEigen(covariance, width);
  const least = Math.max(...values) * width * Number.EPSILON;
  const whole = values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  const slopes = new Float64Array(count);
  const projected = yield* times(rooted, vectors, width);
  for (let i = 0; i < count; i++) {
    for (const [k, value] of values.entries()) {
      if (value > least) slopes[i]! += projected[i * width + k]! ** 2 / (2 * Math.sqrt(value) * (count - 1));
    }
  }
  return (counts) => slopes.reduce((sum, slope, i) => sum + (counts[i]! - 1) * slope, whole);
}

function traceOf(matrix: Float64Array, size: number): number {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += matrix[i * size + i]!;
  return trace;
}

/** rows [n, d] × matrix [d, d], a row a piece. */
function* times(rows: Float64Array, matrix: Float64Array, width: number): Chunked<Float64Array> {
  const product = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += width) {
    for (let k = 0; k < width; k++) {
      const value = rows[i + k]!;
      for (let j = 0; j < width; j++) product[i + j]! += value * matrix[k * width + j]!;
    }
    yield;
  }
  return product;
}
