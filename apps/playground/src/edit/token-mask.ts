import type { GridShape } from '@tessera/core';

type Size = Pick<GridShape, 'height' | 'width'>;

/** Where on the grid, in tokens from the top left; may lie between tokens. */
export interface GridPoint {
  readonly row: number;
  readonly column: number;
}

/**
 * Marks (or clears) the tokens under a square brush that moves along a line.
 *
 * @param mask [L], 1 for the tokens to renew; not changed
 * @param brush side of the brush in tokens
 */
export function painted(
  mask: Uint8Array,
  shape: Size,
  from: GridPoint,
  to: GridPoint,
  brush: number,
  value: 0 | 1,
): Uint8Array {
  const next = mask.slice();
  const distance = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column));
  const count = Math.max(1, Math.ceil(distance * 2));
  for (let i = 0; i <= count; i++) {
    const row = from.row + ((to.row - from.row) * i) / count;
    const column = from.column + ((to.column - from.column) * i) / count;
    const top = Math.round(row + 0.5 - brush / 2 - 0.5);
    const left = Math.round(column + 0.5 - brush / 2 - 0.5);
    for (let r = Math.max(0, top); r < Math.min(shape.height, top + brush); r++) {
      for (let c = Math.max(0, left); c < Math.min(shape.width, left + brush); c++)
        next[r * shape.width + c] = value;
    }
  }
  return next;
}

export function countMarked(mask: Uint8Array): number {
  return mask.reduce((sum, flag) => sum + flag, 0);
}
