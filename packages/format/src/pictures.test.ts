import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Classes } from './manifest.js';
import { pictureAt, picturesOf } from './pictures.js';

const classes: Classes = { kind: 'class', count: 3, names: ['cat', 'red fox, Vulpes vulpes', 'café'] };

describe('a picture', () => {
  test('has the same index whatever else is asked for', () => {
    fc.assert(
      fc.property(
        fc.subarray([0, 1, 2], { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (labels, count) => {
          const all = picturesOf(classes, [0, 1, 2], 9);
          for (const picture of picturesOf(classes, labels, count)) {
            expect(all[picture.index]).toEqual(picture);
            expect(pictureAt(classes, picture.index)).toEqual(picture);
          }
        },
      ),
    );
  });

  test('comes round by round, so that an early stop leaves some of each class', () => {
    expect(picturesOf(classes, [0, 2], 2).map(({ index }) => index)).toEqual([0, 2, 3, 5]);
  });

  test.each([
    [[10], 1, 'labels[0] = 10: must be an integer from 0 to 2'],
    [[0, -1], 1, 'labels[1] = -1'],
    [[1.5], 1, 'labels[0] = 1.5'],
    [[2, 0, 2], 1, 'labels[2] = 2: is there already'],
    [[0], -1, 'count = -1'],
    [[0], 1.5, 'count = 1.5'],
  ])('is not made up for classes %j, %d of each', (labels, count, message) => {
    expect(() => picturesOf(classes, labels, count)).toThrow(message);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('of index %d there is none', (index) => {
    expect(() => pictureAt(classes, index)).toThrow(`index = ${index}: must be an integer ≥ 0`);
  });

  test('has a file name of its own, of plain letters', () => {
    expect(picturesOf(classes, [0, 1, 2], 1).map(({ file }) => file)).toEqual([
      '00000-cat.png',
      '00001-red-fox.png',
      '00002-cafe.png',
    ]);
    expect(pictureAt({ kind: 'class', count: 5 }, 7).file).toBe('00007-class-2.png');
    const names = [`${'long '.repeat(100)}name`];
    expect(pictureAt({ kind: 'class', count: 1, names }, 3).file).toBe(
      `00003-${Array(16).fill('long').join('-')}.png`,
    );
  });
});
