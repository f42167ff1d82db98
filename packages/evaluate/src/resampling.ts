import { InvalidOptionError, type NoiseSource } from '@tessera/core';
import { assertShape } from '@tessera/core/model';

/**
 * One resample of n pictures, drawn with replacement within each class, so that every resample has the classes of the
 * original: how often each picture occurs, [n]. Resamples vary less than other pictures would, see `varianceCorrection`.
 *
 * @param labels [n], class indices
 * @param noise whose stream decides; the same source gives the same counts on every machine
 */
export function resampleCounts(labels: ArrayLike<number>, noise: NoiseSource): Uint16Array {
  const members = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const group = members.get(label);
    if (group) group.push(i);
    else members.set(label, [i]);
  }
  const counts = new Uint16Array(labels.length);
  for (const group of members.values()) {
    for (let drawn = 0; drawn < group.length; drawn++) {
      // The product may round up to the length for the largest uniform number.
      const place = Math.min(group.length - 1, Math.floor(noise.uniform() * group.length));
      counts[group[place]!]!++;
    }
  }
  return counts;
}

/**
 * How much farther a metric strays from draw to draw than from resample to resample: √(n / (n − C)) for n pictures of C
 * classes. The c pictures of a class vary about their own mean by (c − 1)/c of what they do about the true one, so that
 * resamples of few a class would make intervals too narrow. Exact for a mean over pictures, where the classes are
 * equally large or vary alike; one of a class stands for no spread at all, so the classes need two pictures.
 *
 * @param labels [n], class indices; n is more than there are classes
 * @throws InvalidOptionError where no two pictures are of one class
 */
export function varianceCorrection(labels: ArrayLike<number>): number {
  const { length } = labels;
  const classes = new Set(Array.from(labels)).size;
  if (classes === length) {
    throw new InvalidOptionError(
      'labels',
      `${length} different ones`,
      'two pictures must share one at least',
    );
  }
  return Math.sqrt(length / (length - classes));
}

/**
 * Throws unless `counts` says how often each of n pictures occurs, and all of them together as often as allowed.
 *
 * @param range of how many occurrences there may be. @default n and n, as in a resample
 * @throws ShapeMismatchError, InvalidOptionError
 */
export function assertCounts(
  counts: Uint16Array,
  n: number,
  range: readonly [least: number, most: number] = [n, n],
): void {
  const [least, most] = range;
  assertShape('counts [n]', counts, [n]);
  const sum = counts.reduce((total, count) => total + count, 0);
  if (sum >= least && sum <= most) return;
  const wanted = least === most ? `${least}` : `${least} or more`;
  throw new InvalidOptionError('counts', `${sum} in all`, `must be ${wanted} in all`);
}
