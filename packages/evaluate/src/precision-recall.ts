import { assertInteger, ShapeMismatchError } from '@tessera/core/model';
import { atOnce, type Chunked } from './chunked.js';
import { assertFeatures } from './moments.js';
import { rowProducts, squaredLengths } from './row-products.js';

/** k, where nothing else is said. */
export const NEIGHBOURS = 3;
/** So few pictures have a manifold: one and its neighbours. */
export const LEAST_PICTURES = NEIGHBOURS + 1;

/** Pictures with a sphere about each that reaches its k-th nearest neighbour: together, what they cover. */
export interface Manifold {
  readonly width: number;
  /** [n, width]. */
  readonly features: Float32Array;
  /** |x|², [n]. */
  readonly lengths: Float64Array;
  /** Squared radii, [n]. */
  readonly radii: Float64Array;
}

/** Shares, 0 … 1. */
export interface PrecisionAndRecall {
  readonly precision: number;
  readonly recall: number;
}

/**
 * Estimates what pictures cover. Costs n²·d.
 *
 * @param features [n, width]
 * @param options.neighbours k; less than n. @default 3
 */
export function manifoldOf(
  features: Float32Array,
  width: number,
  options: { readonly neighbours?: number } = {},
): Manifold {
  return atOnce(chunkedManifold(features, width, options));
}

/** {@link manifoldOf}, a row a piece. */
export function* chunkedManifold(
  features: Float32Array,
  width: number,
  { neighbours = NEIGHBOURS }: { readonly neighbours?: number } = {},
): Chunked<Manifold> {
  assertFeatures('the pictures', features, width);
  const count = features.length / width;
  assertInteger('neighbours', neighbours, 1, count - 1);
  const lengths = squaredLengths(features, width);
  const radii = new Float64Array(count);
  const distances = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    squaredDistances(features, i, { width, features, lengths }, distances);
    distances[i] = Number.POSITIVE_INFINITY;
    radii[i] = smallest(distances, neighbours);
    yield;
  }
  return { width, features, lengths, radii };
}

/**
 * Improved precision and recall (Kynkäänniemi et al., arXiv 1904.06991, equation 1): the share of generated pictures
 * that lie in a sphere about a real one, and of real ones in a sphere about a generated one. Both depend on how many
 * pictures there are: take equally many.
 *
 * @throws ShapeMismatchError where they are of two widths
 */
export function precisionAndRecall(generated: Manifold, real: Manifold): PrecisionAndRecall {
  return atOnce(chunkedPrecisionAndRecall(generated, real));
}

/** {@link precisionAndRecall}, a row a piece. */
export function* chunkedPrecisionAndRecall(generated: Manifold, real: Manifold): Chunked<PrecisionAndRecall> {
  if (generated.width !== real.width) {
    throw new ShapeMismatchError('generated features [width]', [real.width], [generated.width]);
  }
  return { precision: yield* coverage(generated, real), recall: yield* coverage(real, generated) };
}

/** Share of `pictures` that lie in what `manifold` covers. */
function* coverage(pictures: Manifold, manifold: Manifold): Chunked<number> {
  const count = pictures.lengths.length;
  const distances = new Float64Array(manifold.lengths.length);
  let covered = 0;
  for (let i = 0; i < count; i++) {
    squaredDistances(pictures.features, i, manifold, distances);
    if (distances.some((distance, j) => distance <= manifold.radii[j]!)) covered++;
    yield;
  }
  return covered / count;
}

/** |x − yⱼ|² for row `row` of `features` and every yⱼ. */
export function squaredDistances(
  features: Float32Array,
  row: number,
  others: Omit<Manifold, 'radii'>,
  out: Float64Array,
): void {
  const { width, lengths } = others;
  rowProducts(features, row, others.features, [0, lengths.length], width, out);
  const [length] = squaredLengths(features.subarray(row * width, (row + 1) * width), width);
  for (let j = 0; j < lengths.length; j++) out[j] = Math.max(0, length! + lengths[j]! - 2 * out[j]!);
}

/** The k-th smallest value. */
function smallest(values: Float64Array, k: number): number {
  const least = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (const value of values) {
    if (value >= least[k - 1]!) continue;
    let place = k - 1;
    for (; place > 0 && least[place - 1]! > value; place--) least[place] = least[place - 1]!;
    least[place] = value;
  }
  return least[k - 1]!;
}
