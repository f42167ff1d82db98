import type { NoiseSource } from '@tessera/core';

/**
 * One resample of n pictures, drawn with replacement within each class, so that every resample has the classes of the
 * original: how often each picture occurs, [n]. Resamples vary less than other pictures would, see `resampleSpread`.
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
 */
export function resampleSpread(labels: ArrayLike<number>): number {
  const { length } = labels;
  return Math.sqrt(length / (length - new Set(Array.from(labels)).size));
}
