import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classLabels, indicesFrom, pictureAt, picturesOf } from './pictures.js';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';

const classes = FAKE_MANIFEST.condition;

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

  test('has a file name of its own, of plain letters', () => {
    expect(picturesOf(classes, [0, 1, 2], 1).map(({ file }) => file)).toEqual([
      '00000-cat.png',
      '00001-red-fox.png',
      '00002-cafe.png',
    ]);
    expect(pictureAt({ kind: 'class', count: 5 }, 7).file).toBe('00007-class-2.png');
  });
});

describe('classes', () => {
  test('are found by name, number, synonym and in any case, alone or by comma', () => {
    expect(classLabels(classes, [])).toEqual([0, 1, 2]);
    expect(classLabels(classes, ['CAFÉ, cat', '0'])).toEqual([0, 2]);
    expect(classLabels(classes, ['vulpes vulpes'])).toEqual([1]);
    expect(classLabels(classes, ['red fox, Vulpes vulpes'])).toEqual([1]);
  });

  test('that are unknown get the list of those there are', () => {
    expect(() => classLabels(classes, ['dog'])).toThrow(/no class "dog".*\n {2}0 {2}cat\n {2}1 {2}red fox/);
    expect(() => classLabels(classes, ['3'])).toThrow(/no class "3"/);
  });
});

test('indices are numbers and ranges', () => {
  expect(indicesFrom('37,0-3, 2')).toEqual([0, 1, 2, 3, 37]);
  for (const wrong of ['', 'x', '3-1', '-1', '1.5']) expect(() => indicesFrom(wrong)).toThrow(/--index/);
});
