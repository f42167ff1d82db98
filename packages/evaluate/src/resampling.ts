import type { NoiseSource } from '@tessera/core';

/**
 * One resample of n pictures, drawn with replacement within each class, so that every resample has the classes of the
 * original: how often each picture occurs, [n].
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
