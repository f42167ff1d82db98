import { haltonOrder, InvalidOptionError, type PolicyContext } from '@tessera/core';

/**
 * In which order a stage's tokens are decoded:
 *
 * - `random`: the paper's, uniformly random
 * - `halton`: as Halton's low-discrepancy points fall on them
 * - `spread`: by the rule of LPD (arXiv 2507.01957), step by step: far from the other tokens of the step, which can't know of it, and
 *   among equals near to known ones, which tell much of it
 */
export type StageOrder = 'random' | 'halton' | 'spread';

const ORDERS: readonly StageOrder[] = ['random', 'halton', 'spread'];

/** @throws InvalidOptionError where it is none of them */
export function assertStageOrder(order: StageOrder): void {
  if (!ORDERS.includes(order)) {
    throw new InvalidOptionError('order', order, `must be one of ${ORDERS.join(', ')}`);
  }
}

/**
 * A stage's positions in the order they are decoded.
 *
 * @param shuffled the stage's masked positions, shuffled: decides among equals
 * @param counts tokens of each of its steps
 * @param known [L], 1 where a token is known once the stage begins
 */
export function stageOrder(
  order: StageOrder,
  shuffled: Uint32Array,
  counts: readonly number[],
  { shape, known }: Pick<PolicyContext, 'shape' | 'known'>,
): Uint32Array {
  if (order === 'halton') {
    const isIn = new Set(shuffled);
    return haltonOrder(shape).filter((position) => isIn.has(position));
  }
  return order === 'spread' ? spreadOrder(shuffled, counts, shape.width, known) : shuffled;
}

/** Farthest-point sampling within each step; the first, and equals, nearest to what is known. */
function spreadOrder(
  shuffled: Uint32Array,
  counts: readonly number[],
  width: number,
  known: Uint8Array,
): Uint32Array {
  const squared = (a: number, b: number): number =>
    (Math.floor(a / width) - Math.floor(b / width)) ** 2 + ((a % width) - (b % width)) ** 2;
  const left = Array.from(shuffled, (position) => ({
    position,
    /** Of the nearest known token. */
    context: known.reduce((least, is, at) => (is ? Math.min(least, squared(position, at)) : least), Infinity),
    /** Of the nearest token of the step. */
    mates: Number.POSITIVE_INFINITY,
  }));
  const order: number[] = [];
  for (const count of counts) {
    for (const each of left) each.mates = Number.POSITIVE_INFINITY;
    const step: number[] = [];
    while (step.length < count) {
      const best = left.reduce((leading, each) =>
        each.mates > leading.mates || (each.mates === leading.mates && each.context < leading.context)
          ? each
          : leading,
      );
      left.splice(left.indexOf(best), 1);
      step.push(best.position);
      for (const each of left) each.mates = Math.min(each.mates, squared(each.position, best.position));
    }
    for (const each of left) {
      for (const position of step) each.context = Math.min(each.context, squared(each.position, position));
    }
    order.push(...step);
  }
  return Uint32Array.from(order);
}
