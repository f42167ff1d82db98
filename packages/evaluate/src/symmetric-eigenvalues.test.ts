import { NonFiniteError } from '@tessera/core/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricEigen, symmetricRoot } from './symmetric-eigen.js';
import { symmetricEigenvalues } from './symmetric-eigenvalues.js';
import { normalFeatures } from './testing/synthetic-features.js';

/** A symmetric matrix of integers, among them singular ones and ones that fall apart. */
const symmetric = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc.tuple(
      fc.constant(size),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: size ** 2, maxLength: size ** 2 }),
    ),
  )
  .map(([size, entries]) => ({
    size,
    matrix: Float64Array.from({ length: size * size }, (_, place) => {
      const [i, j] = [Math.floor(place / size), place % size];
      return entries[Math.max(i, j) * size + Math.min(i, j)]!;
    }),
  }));

/** A covariance, [size, size]. */
function covariance(size: number, rank: number): Float64Array {
  const axes = Array.from({ length: size }, (_, k) => ({ mean: 0, deviation: 2 ** -k }));
  const rows = normalFeatures(size, rank, axes);
  return Float64Array.from({ length: size * size }, (_, place) => {
    const [i, j] = [Math.floor(place / size), place % size];
    let sum = 0;
    for (let row = 0; row < rank; row++) sum += rows[row * size + i]! * rows[row * size + j]!;
    return sum;
  });
}

describe('symmetricEigenvalues', () => {
  it('are those of the whole decomposition', () => {
    fc.assert(
      fc.property(symmetric, ({ size, matrix }) => {
        const expected = symmetricEigen(matrix, size).values;
        const values = symmetricEigenvalues(matrix, size).sort();
        for (const [k, value] of expected.entries()) expect(values[k]).toBeCloseTo(value, 10);
      }),
    );
  });

  it('are the diagonal of a diagonal matrix', () => {
    expect([...symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 0), 3)].sort()).toEqual([
      -1, 0, 3,
    ]);
  });

  it('sum up to the trace, and their squares to the squares of all entries, for a large matrix', () => {
    const size = 60;
    const matrix = covariance(size, 40);
    const values = symmetricEigenvalues(matrix, size);
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, value) => total + value, 0);
    expect(sum(values)).toBeCloseTo(sum(Array.from({ length: size }, (_, i) => matrix[i * size + i]!)), 9);
    expect(sum(values.map((value) => value ** 2))).toBeCloseTo(sum(matrix.map((value) => value ** 2)), 6);
    expect(Math.min(...values)).toBeGreaterThan(-1e-12);
  });

  it('leave the matrix as it was', () => {
    const matrix = covariance(5, 9);
    const before = matrix.slice();
    symmetricEigenvalues(matrix, 5);
    expect(matrix).toEqual(before);
  });

  it('are refused of a matrix that is not finite, rather than looked for without an end', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => symmetricEigenvalues(Float64Array.of(1, value, value, 1), 2)).toThrow(NonFiniteError);
    }
  });
});

describe('symmetricRoot', () => {
  it('times itself is the matrix, also where that is singular', () => {
    for (const rank of [3, 20]) {
      const size = 6;
      const matrix = covariance(size, rank);
      const root = symmetricRoot(matrix, size);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          let product = 0;
          for (let k = 0; k < size; k++) product += root[i * size + k]! * root[k * size + j]!;
          expect(product).toBeCloseTo(matrix[i * size + j]!, 9);
        }
      }
    }
  });
});
