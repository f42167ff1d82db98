/** Rows of numbers, [count, width]. */
export type Rows = Float32Array | Float64Array;

/**
 * Scalar products of row `row` of `left` with rows `from` … `to − 1` of `right`, into `out[0 … to − from − 1]`; all rows
 * are `width` wide.
 */
export function rowProducts(
  left: Rows,
  row: number,
  right: Rows,
  [from, to]: readonly [from: number, to: number],
  width: number,
  out: Float64Array,
): void {
  const start = row * width;
  let j = from;
  // Four rows at once share what is read of the left one.
  for (; j + 4 <= to; j += 4) {
    const a = j * width;
    const b = a + width;
    const c = b + width;
    const d = c + width;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let k = 0; k < width; k++) {
      const x = left[start + k]!;
      sumA += x * right[a + k]!;
      sumB += x * right[b + k]!;
      sumC += x * right[c + k]!;
      sumD += x * right[d + k]!;
    }
    out[j - from] = sumA;
    out[j - from + 1] = sumB;
    out[j - from + 2] = sumC;
    out[j - from + 3] = sumD;
  }
  for (; j < to; j++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += left[start + k]! * right[j * width + k]!;
    out[j - from] = sum;
  }
}

/** Squared lengths of rows [count, width]. */
export function squaredLengths(rows: Rows, width: number): Float64Array {
  const lengths = new Float64Array(rows.length / width);
  for (let i = 0; i < lengths.length; i++) {
    let sum = 0;
    for (let k = i * width; k < (i + 1) * width; k++) sum += rows[k]! ** 2;
    lengths[i] = sum;
  }
  return lengths;
}

/** The rows `chosen` of rows [count, width], copied. */
export function selectRows(rows: Float32Array, chosen: ArrayLike<number>, width: number): Float32Array {
  const selected = new Float32Array(chosen.length * width);
  for (let i = 0; i < chosen.length; i++) {
    selected.set(rows.subarray(chosen[i]! * width, (chosen[i]! + 1) * width), i * width);
  }
  return selected;
}
