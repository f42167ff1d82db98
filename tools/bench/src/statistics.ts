/** A median with its range. */
export interface Range {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The median of some numbers, the mean of the middle two where their count is even, and the extremes. */
export function rangeOf(values: readonly number[]): Range {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}
