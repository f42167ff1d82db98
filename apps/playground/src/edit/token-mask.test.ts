import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countMarked, painted, underBrush } from './token-mask.js';

const shape = { height: 8, width: 8 };
const empty = new Uint8Array(64);
const at = (row: number, column: number) => ({ row, column });

describe('painting', () => {
  it('marks the token under a brush of one, and as many as the brush is wide otherwise', () => {
    expect(
      [...painted(empty, shape, at(2.5, 3.5), at(2.5, 3.5), 1, 1).entries()].filter(([, v]) => v),
    ).toEqual([[19, 1]]);
    expect(countMarked(painted(empty, shape, at(4.5, 4.5), at(4.5, 4.5), 3, 1))).toBe(9);
    expect(countMarked(painted(empty, shape, at(0.5, 0.5), at(0.5, 0.5), 3, 1))).toBe(4);
  });

  it('marks what the outline of the brush shows, at the edge as well', () => {
    for (const [point, brush] of [
      [at(4.5, 4.5), 4],
      [at(0.5, 7.5), 3],
      [at(7.5, 0.5), 5],
    ] as const) {
      const { top, left, bottom, right } = underBrush(shape, point, brush);
      const marked = [...painted(empty, shape, point, point, brush, 1).entries()].filter(([, v]) => v);
      expect(marked).toHaveLength((bottom - top) * (right - left));
      for (const [position] of marked) {
        const [row, column] = [Math.floor(position / 8), position % 8];
        expect(row >= top && row < bottom && column >= left && column < right).toBe(true);
      }
    }
  });

  it('leaves no gap along a fast stroke, and clears what it marked', () => {
    const point = fc.record({
      row: fc.double({ min: 0, max: 8, noNaN: true }),
      column: fc.double({ min: 0, max: 8, noNaN: true }),
    });
    fc.assert(
      fc.property(point, point, fc.integer({ min: 1, max: 5 }), (from, to, brush) => {
        const mask = painted(empty, shape, from, to, brush, 1);
        expect(countMarked(painted(mask, shape, from, to, brush, 0))).toBe(0);
        expect(countMarked(empty)).toBe(0);
      }),
    );
    const diagonal = painted(empty, shape, at(0.5, 0.5), at(7.5, 7.5), 1, 1);
    for (let i = 0; i < 8; i++) expect(diagonal[i * 9]).toBe(1);
  });
});
