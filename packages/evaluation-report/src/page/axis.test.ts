import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearAxis, logAxis, tickText } from './axis.js';

const span = fc
  .tuple(fc.double({ min: -1e4, max: 1e4, noNaN: true }), fc.double({ min: 1e-3, max: 1e4, noNaN: true }))
  .map(([from, length]) => [from, from + length] as const);

test('marks of a linear axis lie on it, ascend, and are neither few nor many', () => {
  fc.assert(
    fc.property(span, ([from, to]) => {
      const { at, ticks } = linearAxis(from, to, [0, 100]);
      const slack = (to - from) * 1e-6;
      expect(ticks.every((tick) => tick >= from - slack && tick <= to + slack)).toBe(true);
      expect(ticks.every((tick, i) => i === 0 || tick > ticks[i - 1]!)).toBe(true);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(8);
      expect([at(from), at(to)]).toEqual([0, 100]);
    }),
  );
});

test('marks of a linear axis are round numbers', () => {
  expect(linearAxis(-0.5, 0.9, [0, 1]).ticks).toEqual([-0.5, -0.25, 0, 0.25, 0.5, 0.75]);
  expect(linearAxis(0, 0.3, [0, 1], 3).ticks).toEqual([0, 0.1, 0.2, 0.3]);
});

test('a logarithmic axis puts equal ratios at equal distances', () => {
  const { at, ticks } = logAxis(0.1, 10, [0, 100]);
  expect(at(1)).toBeCloseTo(50);
  expect(at(4) - at(2)).toBeCloseTo(at(0.4) - at(0.2));
  expect(ticks).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 10]);
  expect(logAxis(0.6, 2.4, [0, 1]).ticks).toEqual([0.7, 1, 1.5, 2]);
  expect(logAxis(0.01, 1000, [0, 1]).ticks).toEqual([0.01, 0.1, 1, 10, 100, 1000]);
});

test('marks are said as briefly as can be', () => {
  expect([0.05, 2, -1.5, 0, 1000, 0.1 + 0.2].map(tickText)).toEqual([
    '0.05',
    '2',
    '−1.5',
    '0',
    '1000',
    '0.3',
  ]);
});
