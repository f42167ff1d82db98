import { InvalidOptionError, type PolicyContext, shuffle } from '@tessera/core';
import { assertInteger, gridLength } from '@tessera/core/model';
import {
  type Bisection,
  type CheckerboardColour,
  diagonalSubsets,
  MAX_STAGES,
  quincunxSubsets,
} from './bisection.js';

/**
 * The subsets of a grid that are decoded one after the other:
 *
 * - `diagonal`: the paper's, anti-diagonal stripes
 * - `quincunx`: without stripes
 * - `random`: random ones, other ones for each image: the last is half of the grid, the one before half of the rest, and so
 *   on, the sizes of the other two on grids that halve evenly so often. With them nothing is left of GtR but its step schedule, the
 *   tokens and diffusion steps of each step: the paper's ablation without GtR's order.
 */
export type SubsetChoice = 'diagonal' | 'quincunx' | 'random';

/** The subsets of an image's grid, in the order they are decoded; every position is in exactly one. */
export type Subsets = (
  context: PolicyContext,
  stages: number,
  firstColour: CheckerboardColour,
) => readonly Uint32Array[];

const SUBSETS: Readonly<Record<SubsetChoice, Subsets>> = {
  diagonal: ofEveryImage(diagonalSubsets),
  quincunx: ofEveryImage(quincunxSubsets),
  random: randomSubsets,
};

/**
 * @param choices those to choose from
 * @throws InvalidOptionError where it is none of them
 */
export function subsetsNamed<Choice extends SubsetChoice>(
  choice: Choice,
  choices: readonly Choice[],
): Subsets {
  if (!choices.includes(choice)) {
    throw new InvalidOptionError('subsets', choice, `must be one of ${choices.join(', ')}`);
  }
  return SUBSETS[choice];
}

function ofEveryImage(bisection: Bisection): Subsets {
  return ({ shape }, stages, firstColour) => bisection(shape, stages, { firstColour });
}

function randomSubsets(
  { shape, noise }: PolicyContext,
  stages: number,
  firstColour: CheckerboardColour,
): Uint32Array[] {
  assertInteger('stages', stages, 1, MAX_STAGES);
  assertInteger('firstColour', firstColour, 0, 1);
  const positions = shuffle([...Array(gridLength(shape)).keys()], noise.fork('subsets'));
  const subsets: Uint32Array[] = [];
  let left = positions.length;
  for (let stage = stages; stage > 1; stage--) {
    const rest = Math.ceil(left / 2);
    subsets.unshift(positions.slice(rest, left));
    left = rest;
  }
  return [positions.slice(0, left), ...subsets];
}
