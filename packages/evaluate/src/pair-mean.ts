/** Sums of a function of two pictures over pairs of one class, and over pairs of two classes; each pair once. */
export interface PairSums {
  readonly same: number;
  readonly other: number;
}

/**
 * The mean of a function of two pictures, were they drawn independently: pairs of one class and pairs of two are averaged
 * apart and weighted by Σ p² and 1 − Σ p², p being the classes' shares. With a single class this is the mean over all
 * pairs.
 *
 * @param labels [n]
 * @param sums over pairs of different pictures, each pair as often as the product of its `counts`
 * @param resampled for a resample: how often each picture occurs, [n], which leaves n and the classes' shares as they
 *   are; and the sums over the pictures as they are, for when no class has two different ones left
 */
export function pairMean(
  labels: ArrayLike<number>,
  sums: PairSums,
  resampled?: { readonly counts: ArrayLike<number>; readonly whole: PairSums },
): number {
  const sizes = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) sizes.set(labels[i]!, (sizes.get(labels[i]!) ?? 0) + 1);
  let squares = 0;
  for (const size of sizes.values()) squares += size * size;
  const total = labels.length ** 2;
  let copies = labels.length;
  if (resampled) {
    copies = 0;
    for (let i = 0; i < labels.length; i++) copies += resampled.counts[i]! ** 2;
  }
  // Unordered pairs, so twice the sums over ordered ones' numbers.
  const same =
    copies < squares
      ? (2 * sums.same) / (squares - copies)
      : (2 * resampled!.whole.same) / (squares - labels.length);
  const other = squares < total ? (2 * sums.other) / (total - squares) : 0;
  return (squares * same + (total - squares) * other) / total;
}
