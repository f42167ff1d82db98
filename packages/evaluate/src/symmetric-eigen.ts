import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Eigenvalues [d], ascending, and eigenvectors of a symmetric matrix: column k of `vectors` [d, d] belongs to value k. */
export interface SymmetricEigen {
  readonly values: readonly number[];
  readonly vectors: Float64Array;
}

export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  // Its typings ask for plain arrays of numbers where any array will do.
  const wrapped = Matrix.from1DArray(size, size, matrix as unknown as number[]);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(wrapped, {
    assumeSymmetric: true,
  });
  return { values: realEigenvalues, vectors: Float64Array.from(eigenvectorMatrix.to1DArray()) };
}

/**
 * The symmetric square root of a positive semidefinite matrix [d, d]: V √Λ Vᵀ. Eigenvalues that rounding made negative
 * count as 0.
 */
export function symmetricRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size);
  const scales = values.map((value) => Math.sqrt(Math.max(0, value)));
  const root = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += scales[k]! * vectors[i * size + k]! * vectors[j * size + k]!;
      root[i * size + j] = sum;
      root[j * size + i] = sum;
    }
  }
  return root;
}
