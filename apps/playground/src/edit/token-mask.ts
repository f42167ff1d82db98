import type { GridShape } from '@tessera/core';

type Size = Pick<GridShape, 'height' | 'width'>;

/** Where on the grid, in tokens from the top left; may lie between tokens. */
export interface GridPoint {
  readonly row: number;
  readonly column: number;
}

/** The tokens under a square brush, clipped to the grid: rows [top, bottom), columns [left, right). */
export interface BrushedTokens {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** @param brush side of the brush in tokens */
export function underBrush(shape: Size, { row, column }: GridPoint, brush: number): BrushedTokens {
  const top = Math.round(row - brush / 2);
  const left = Math.round(column - brush / 2);
  return {
    top: Math.max(0, top),
    left: Math.max(0, left),
    bottom: Math.min(shape.height, top + brush),
    right: Math.min(shape.width, left + brush),
  };
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
    const { top, left, bottom, right } = underBrush(shape, { row, column }, brush);
    for (let r = top; r < bottom; r++) next.fill(value, r * shape.width + left, r * shape.width + right);
  }
  return next;
}

export function countMarked(mask: Uint8Array): number {
  return mask.reduce((sum, flag) => sum + flag, 0);
}
