import { expect, test } from 'vitest';
import {
  decimalsOf,
  percent,
  plain,
  secondsText,
  signed,
  timesText,
  withDeviation,
  withInterval,
} from './number-text.js';

const estimate = (value: number, half: number) => ({ value, low: value - half, high: value + half });

test('estimates have as many decimals as their intervals are worth', () => {
  expect(decimalsOf([estimate(3, 0.25), estimate(4, 0.3), estimate(100, 20)])).toBe(2);
  expect(decimalsOf([estimate(0.007, 0.0011)])).toBe(4);
  expect(decimalsOf([estimate(472, 12)])).toBe(0);
  expect(decimalsOf([estimate(1, 0)])).toBe(2);
});

test('signs are real ones, and nothing is minus nothing', () => {
  expect([plain(-0.314, 2), plain(-0.001, 2), signed(0.5, 1), signed(-0.5, 1), signed(0, 1)]).toEqual([
    '−0.31',
    '0.00',
    '+0.5',
    '−0.5',
    '0.0',
  ]);
  expect(withInterval({ value: 0.1, low: -0.2, high: 0.4 }, 1, signed)).toBe('+0.1 [−0.2, +0.4]');
});

test('shares, times, ratios and floors are said shortly', () => {
  expect([percent(0.9734), percent(null), percent(0.913, 0)]).toEqual(['97.3 %', '–', '91 %']);
  expect([secondsText(0.0841), secondsText(1.418), secondsText(67.12)]).toEqual(['0.084', '1.42', '67.1']);
  expect([timesText(2.714), timesText(16.42)]).toEqual(['2.71×', '16.4×']);
  expect(withDeviation({ mean: 11.42, spread: 0.66 })).toBe('11.42 ± 0.66');
});
