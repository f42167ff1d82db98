import type { ImageRgb } from '@tessera/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canvas } from './canvas.js';
import { contactSheet, inRows } from './contact-sheet.js';

const red: ImageRgb = canvas(4, 3, [200, 0, 0]);
const green: ImageRgb = canvas(4, 3, [0, 200, 0]);

function count(sheet: ImageRgb, [r, g, b]: readonly number[]): number {
  let found = 0;
  for (let i = 0; i < sheet.data.length; i += 3) {
    if (sheet.data[i] === r && sheet.data[i + 1] === g && sheet.data[i + 2] === b) found++;
  }
  return found;
}

test('every picture is there whole, each pixel enlarged to a square', () => {
  const rows = [{ cells: [{ image: red }, { image: green, caption: 'leaf' }] }, { cells: [{ image: red }] }];
  const sheet = contactSheet({ title: 'A title', columns: ['one', 'two'], rows, scale: 5 });
  expect(count(sheet, [200, 0, 0])).toBe(2 * 4 * 3 * 25);
  expect(count(sheet, [0, 200, 0])).toBe(4 * 3 * 25);
  expect(sheet.data.length).toBe(sheet.width * sheet.height * 3);
});

test('labels of any length leave the pictures whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 5 }),
      fc.string({ maxLength: 30 }),
      (label, title) => {
        const sheet = contactSheet({
          title,
          columns: [title],
          rows: [{ label, cells: [{ image: red }] }],
          scale: 2,
        });
        expect(count(sheet, [200, 0, 0])).toBe(48);
      },
    ),
    { numRuns: 50 },
  );
});

test('a label of many lines stays beside its own row', () => {
  const image = canvas(64, 64, [200, 0, 0]);
  const label = Array.from({ length: 9 }, (_, i) => `/key-${i}=1`);
  const sheet = contactSheet({ rows: [{ label, cells: [{ image }] }, { cells: [{ image }] }] });
  const below = 16 + 64 + 2;
  const second = { ...sheet, data: sheet.data.subarray(3 * sheet.width * below) };
  for (const ink of [
    [32, 34, 40],
    [122, 124, 132],
  ]) {
    expect(count(sheet, ink)).toBeGreaterThan(0);
    expect(count(second, ink)).toBe(0);
  }
});

test('a sheet of nothing is a picture still', () => {
  expect(contactSheet({ rows: [] }).data.length).toBe(3);
});

test('cells are laid out in order, in a block no wider than it need be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (total) => {
      const cells = Array.from({ length: total }, (_, i) => ({ image: red, caption: `${i}` }));
      const rows = inRows(cells);
      expect(rows.flatMap((row) => row.cells)).toEqual(cells);
      expect(rows.length).toBeLessThanOrEqual(rows[0]!.cells.length);
    }),
  );
  expect(inRows(Array.from({ length: 12 }, () => ({ image: red }))).map((row) => row.cells.length)).toEqual([
    4, 4, 4,
  ]);
});
