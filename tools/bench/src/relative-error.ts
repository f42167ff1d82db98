/** The root mean square of two samples' difference ÷ that of the exact one, as text in percent. Both are of one length. */
export function relativeError(exact: readonly number[], other: readonly number[]): string {
  let [difference, size] = [0, 0];
  for (const [i, value] of exact.entries()) {
    difference += (other[i]! - value) ** 2;
    size += value ** 2;
  }
  return `${(100 * Math.sqrt(difference / size)).toPrecision(2)} %`;
}
