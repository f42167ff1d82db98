import { emptyGrid } from '@tessera/core/model';
import { canvas } from '@tessera/evaluation-report/display';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pickEvenly, withMask } from './preview-sheet.js';

test('masked tokens are grey and known ones keep their pixels', () => {
  const grid = emptyGrid({ height: 2, width: 2, channels: 1 });
  grid.known[1] = 1;
  const { data } = withMask(canvas(4, 4, [9, 8, 7]), grid);
  const pixel = (x: number, y: number) => [...data.subarray((y * 4 + x) * 3, (y * 4 + x) * 3 + 3)];
  for (const [x, y] of [
    [2, 0],
    [3, 1],
  ] as const)
    expect(pixel(x, y)).toEqual([9, 8, 7]);
  for (const [x, y] of [
    [0, 0],
    [1, 1],
    [0, 3],
    [2, 2],
  ] as const) {
    const [r, g, b] = pixel(x, y);
    expect([g, b]).toEqual([r, r]);
    expect(r).not.toBe(9);
  }
});

test('the steps shown are in order, distinct, as many as there is room for, and end with the last', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }), (count, room) => {
      const shown = pickEvenly(count, room);
      expect(shown.length).toBe(Math.min(count, room));
      expect(shown.at(-1)).toBe(count - 1);
      expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b));
      expect(shown[0]).toBeGreaterThanOrEqual(0);
    }),
  );
});
