import type { GridShape } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';

/** Which colour of the checkerboard is generated first: positions with (row + column) mod 2 = firstColour. */
export type CheckerboardColour = 0 | 1;

/** The most subsets that a grid is split into. */
export const MAX_STAGES = 30;

export interface SubsetOptions {
  /** @default 0, as in the paper */
  readonly firstColour?: CheckerboardColour;
}

/**
 * Splits a grid into K subsets of positions, in the order they are decoded, each ascending; every position is in
 * exactly one; K is 1 … {@link MAX_STAGES}. A grid too small for K rounds leaves some of them empty.
 */
export type Bisection = (
  shape: Pick<GridShape, 'height' | 'width'>,
  stages: number,
  options?: SubsetOptions,
) => readonly Uint32Array[];

/**
 * Recursive bisection (GtR, arXiv 2510.17171, Algorithm 1): from R = all positions, round k = 1 … K − 1 takes those
 * with (i + j) mod 2^k = 2^(k−1) out of R; what is left is the last subset. They are decoded in reverse: K = 3 gives
 * mod 4 = 0, mod 4 = 2, odd, a quarter, a quarter and a half of the grid. All but the last are anti-diagonal stripes.
 *
 * @throws InvalidOptionError where K is not an integer from 1 to {@link MAX_STAGES}, or firstColour not 0 or 1
 * @example
 * diagonalSubsets({ height: 16, width: 16 }, 3).map(({ length }) => length); // 64, 64, 128
 */
export const diagonalSubsets: Bisection = (shape, stages, options) =>
  bisect(shape, stages, options, (row, column, round) => ((row + column) >> (round - 1)) % 2 === 1);

/**
 * A bisection without stripes: odd rounds take the odd colour of a checkerboard out of R, even
 * rounds the odd rows of what is left, which is a lattice twice as coarse; and so on upon that. K = 3 gives both even,
 * both odd, the rest. A square grid of a power of 2 is halved by every round, also where the stripes of
 * {@link diagonalSubsets} run out: K = 7 on 16×16 gives 4, 4, 8, 16, 32, 64 and 128.
 *
 * @throws InvalidOptionError where K is not an integer from 1 to {@link MAX_STAGES}, or firstColour not 0 or 1
 * @example
 * quincunxSubsets({ height: 16, width: 16 }, 3).map(({ length }) => length); // 64, 64, 128
 */
export const quincunxSubsets: Bisection = (shape, stages, options) =>
  bisect(shape, stages, options, (row, column, round) => {
    const level = (round - 1) >> 1;
    const coarseRow = row >> level;
    return (round % 2 === 1 ? coarseRow + (column >> level) : coarseRow) % 2 === 1;
  });

/**
 * @param takenOut whether round `round` (from 1) takes out a position that all rounds before have left; with firstColour 1
 *   columns count from 1
 */
function bisect(
  { height, width }: Pick<GridShape, 'height' | 'width'>,
  stages: number,
  options: SubsetOptions | undefined,
  takenOut: (row: number, column: number, round: number) => boolean,
): readonly Uint32Array[] {
  const firstColour = options?.firstColour ?? 0;
  assertInteger('stages', stages, 1, MAX_STAGES);
  assertInteger('firstColour', firstColour, 0, 1);
  const subsets = Array.from({ length: stages }, (): number[] => []);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let round = 1;
      while (round < stages && !takenOut(row, column + firstColour, round)) round++;
      subsets[stages - round]!.push(row * width + column);
    }
  }
  return subsets.map((positions) => Uint32Array.from(positions));
}
