import { assertShape } from '@tessera/core';

/** Share of the pictures that show the class they were asked for: 0 … 1. */
export function classAccuracy(seen: ArrayLike<number>, asked: ArrayLike<number>): number {
  assertShape('seen classes [n]', seen, [asked.length]);
  let right = 0;
  for (let i = 0; i < asked.length; i++) if (seen[i] === asked[i]) right++;
  return right / asked.length;
}

/** Kind of damage → share of the pictures that show it, in the order of `names`; `seen` [n] holds places in `names`. */
export function damageShares(seen: ArrayLike<number>, names: readonly string[]): Record<string, number> {
  const counts = names.map(() => 0);
  for (let i = 0; i < seen.length; i++) counts[seen[i]!]!++;
  return Object.fromEntries(names.map((name, kind) => [name, counts[kind]! / seen.length]));
}
