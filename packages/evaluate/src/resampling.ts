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
  const counts = new Uint16Array(labels.length);
  for (const group of membersOf(labels).values()) {
    for (let drawn = 0; drawn < group.length; drawn++) counts[group[below(group.length, noise)]!]!++;
  }
  return counts;
}

/**
 * Half of n pictures, drawn without replacement within each class: which are taken, [n] of 0 and 1. Of an odd number in a
 * class the smaller half.
 *
 * @param labels [n], class indices
 * @param noise whose stream decides; the same source gives the same half on every machine
 */
export function halfOf(labels: ArrayLike<number>, noise: NoiseSource): Uint8Array {
  const members = membersOf(labels);
  const taken = new Uint8Array(labels.length);
  for (const group of members.values()) {
    const half = Math.floor(group.length / 2);
    for (let place = 0; place < half; place++) {
      const other = place + below(group.length - place, noise);
      [group[place], group[other]] = [group[other]!, group[place]!];
      taken[group[place]!] = 1;
    }
  }
  return taken;
}

/** Places of each class. */
function membersOf(labels: ArrayLike<number>): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const group = members.get(label);
    if (group) group.push(i);
    else members.set(label, [i]);
  }
  return members;
}

/** 0 … count − 1. */
function below(count: number, noise: NoiseSource): number {
  // The product may round up to the count for the largest uniform number.
  return Math.min(count - 1, Math.floor(noise.uniform() * count));
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
