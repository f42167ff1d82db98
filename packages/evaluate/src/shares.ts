import { InvalidOptionError } from '@tessera/core';
import { assertInteger, assertShape } from '@tessera/core/model';

/**
 * Share of the pictures that show the class they were asked for: 0 … 1.
 *
 * @throws ShapeMismatchError where they are not as many, InvalidOptionError where there are none
 */
export function classAccuracy(seen: ArrayLike<number>, asked: ArrayLike<number>): number {
  assertShape('seen classes [n]', seen, [asked.length]);
  assertSome('seen classes', seen);
  let right = 0;
  for (let i = 0; i < asked.length; i++) if (seen[i] === asked[i]) right++;
  return right / asked.length;
}

/**
 * Kind of damage → share of the pictures that show it, in the order of `names`; `seen` [n] holds places in `names`.
 *
 * @throws InvalidOptionError where a place is none of `names`, or there are no pictures
 */
export function corruptionShares(seen: ArrayLike<number>, names: readonly string[]): Record<string, number> {
  assertSome('seen damages', seen);
  const counts = names.map(() => 0);
  for (let i = 0; i < seen.length; i++) {
    const kind = seen[i]!;
    assertInteger('seen damage', kind, 0, names.length - 1);
    counts[kind]!++;
  }
  return Object.fromEntries(names.map((name, kind) => [name, counts[kind]! / seen.length]));
}

function assertSome(what: string, values: ArrayLike<number>): void {
  if (values.length === 0) throw new InvalidOptionError(what, '[]', 'give at least one');
}
