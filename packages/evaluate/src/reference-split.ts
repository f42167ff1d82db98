import { assertInteger, type NoiseSource, shuffle } from '@tessera/core';
import type { ReferencePictures } from './reference-pictures.js';

/** Real pictures in two parts. */
export interface ReferenceSplit {
  /** Places of the part that stands for an arm, [count], classes in turn where labels are known. */
  readonly chosen: Uint32Array;
  /** Places of all the others. */
  readonly rest: Uint32Array;
}

/**
 * Chooses `count` real pictures at random, equally many of each class as far as there are enough.
 *
 * @param count less than there are
 */
export function splitReference(
  { features, width, labels }: ReferencePictures,
  count: number,
  noise: NoiseSource,
): ReferenceSplit {
  const total = features.length / width;
  assertInteger('count', count, 1, total - 1);
  const classes = new Map<number, number[]>();
  for (const place of shuffle(
    Array.from({ length: total }, (_, i) => i),
    noise,
  )) {
    const label = labels?.[place] ?? 0;
    const members = classes.get(label);
    if (members) members.push(place);
    else classes.set(label, [place]);
  }
  const groups = [...classes.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
  // Dealt in rounds, one of each class that has one left.
  const dealt = Array.from({ length: Math.max(...groups.map((group) => group.length)) }, (_, round) =>
    groups.flatMap((group) => group[round] ?? []),
  ).flat();
  return { chosen: Uint32Array.from(dealt.slice(0, count)), rest: Uint32Array.from(dealt.slice(count)) };
}
