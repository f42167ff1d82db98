import { expect, test } from 'vitest';
import { placeLabels } from './point-labels.js';

const frame = { left: 0, right: 400, top: 0, bottom: 300 };
const point = (name: string, x: number, y: number) => ({ name, x, y, top: y - 20, bottom: y + 20 });

test('a name stands right of its point, or left where it would leave the plot', () => {
  expect(placeLabels([point('here', 100, 100), point('there', 390, 200)], 8, frame)).toEqual([
    { x: 113, middle: 100, anchor: 'start' },
    { x: 377, middle: 200, anchor: 'end' },
  ]);
});

test('names of neighbours keep off each other and off the points', () => {
  const points = ['one', 'two', 'three', 'four'].map((name, i) => point(name, 150 + 6 * i, 150 + 7 * i));
  const boxes = placeLabels(points, 8, frame).map(({ x, middle, anchor }, i) => {
    const length = points[i]!.name.length * 7;
    const left = anchor === 'start' ? x : x - length;
    return { left, right: left + length, top: middle - 7, bottom: middle + 7 };
  });
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
    }
  }
});

test('a name that fits nowhere still stands within the plot’s right edge', () => {
  expect(placeLabels([point('x'.repeat(90), 200, 100)], 8, frame)).toEqual([
    { x: 400, middle: 100, anchor: 'end' },
  ]);
});
