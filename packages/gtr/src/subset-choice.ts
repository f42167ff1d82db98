import { gridLength, InvalidOptionError, type PolicyContext, shuffle } from '@tessera/core';
import { type Bisection, diagonalSubsets, type Parity, quincunxSubsets } from './bisection.js';

/**
 * The subsets of a grid that are decoded one after the other:
 *
 * - `diagonal`: the paper's, anti-diagonal stripes
 * - `quincunx`: of the same sizes without stripes
 * - `random`: random ones of the same sizes, other ones for each image. With them nothing is left of GtR but its pace,
 *   the tokens and diffusion steps of each step: the paper's ablation without GtR's order.
 */
export type SubsetChoice = 'diagonal' | 'quincunx' | 'random';

/** The subsets of an image's grid, in the order they are decoded; every position is in exactly one. */
export type Subsets = (context: PolicyContext, stages: number, parity: Parity) => readonly Uint32Array[];

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
  return ({ shape }, stages, parity) => bisection(shape, stages, { parity });
}

function randomSubsets({ shape, noise }: PolicyContext, stages: number, parity: Parity): Uint32Array[] {
  const positions = shuffle([...Array(gridLength(shape)).keys()], noise.fork('subsets'));
  let taken = 0;
  return diagonalSubsets(shape, stages, { parity }).map(({ length }) => {
    taken += length;
    return positions.slice(taken - length, taken);
  });
}
