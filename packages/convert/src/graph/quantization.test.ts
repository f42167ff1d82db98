import { expect, it } from 'vitest';
import { randomArray, randomNumbers } from '../testing/random-weights.js';
import { quantizeBlocks, quantizeChannels, quantizeColumns } from './quantization.js';

const [ROWS, COLUMNS] = [64, 24];
const values = randomArray(ROWS * COLUMNS, randomNumbers(3)).map((value, i) => value * 10 ** (i % 5));

/** The largest difference that rounding to the nearest code leaves, in steps of the code. */
function stepsOff(restored: (i: number) => readonly [value: number, scale: number]): number {
  return Math.max(
    ...values.map((value, i) => {
      const [other, scale] = restored(i);
      return Math.abs(other - value) / Math.abs(scale);
    }),
  );
}

it('a column in 7 bits is off by half a step at most, and no code is beyond what AVX2 adds up without overflow', () => {
  const { codes, scales } = quantizeColumns(values, COLUMNS);
  expect(stepsOff((i) => [codes[i]! * scales[i % COLUMNS]!, scales[i % COLUMNS]!])).toBeLessThan(0.5001);
  expect(Math.max(...codes.map(Math.abs))).toBe(64);
});

it('a channel in 8 bits is off by half a step at most', () => {
  const size = values.length / COLUMNS;
  const { codes, scales } = quantizeChannels(values, COLUMNS);
  const scale = (i: number): number => scales[Math.floor(i / size)]!;
  expect(stepsOff((i) => [codes[i]! * scale(i), scale(i)])).toBeLessThan(0.5001);
});

it('a block in 4 bits is off by half a step, or a whole one on the side that has a code less', () => {
  const { codes, scales } = quantizeBlocks(values, COLUMNS);
  const off = stepsOff((i) => {
    const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
    const place = column * (ROWS / 32) + (row >> 5);
    const byte = codes[place * 16 + ((row & 31) >> 1)]!;
    const code = (row & 1 ? byte >> 4 : byte & 15) - 8;
    return [code * scales[place]!, scales[place]!];
  });
  expect(off).toBeLessThan(1.0001);
});

it('zeros stay zeros', () => {
  const zeros = new Float32Array(ROWS * COLUMNS);
  expect(quantizeColumns(zeros, COLUMNS).codes.every((code) => code === 0)).toBe(true);
  expect(quantizeChannels(zeros, COLUMNS).codes.every((code) => code === 0)).toBe(true);
  expect(quantizeBlocks(zeros, COLUMNS).codes.every((code) => code === 0x88)).toBe(true);
});
