import { expect, test } from 'vitest';
import golden from '../../../../fixtures/golden/schedule.json' with { type: 'json' };
import { InvalidOptionError } from '../errors.js';
import { respaceTimesteps } from './respace-timesteps.js';

test.each(Object.entries(golden._timesteps_only))(
  '%s steps keep the recorded timesteps',
  (count, timesteps) => {
    expect(respaceTimesteps(count)).toEqual(timesteps);
    expect(respaceTimesteps(Number(count))).toEqual(timesteps);
  },
);

test('every count from 2 to 1000 keeps that many, ascending from 0 to 999', () => {
  let weighted = 0;
  for (let count = 2; count <= 1000; count++) {
    const kept = respaceTimesteps(count);
    expect(kept).toHaveLength(count);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(999);
    expect(kept.every((timestep, i) => i === 0 || timestep > kept[i - 1]!)).toBe(true);
    for (const [i, timestep] of kept.entries()) weighted += i * timestep;
  }
  // Σ index · timestep over all counts, by Python's own round(), modulo 2³¹.
  expect(weighted % 2 ** 31).toBe(1561810028);
});

test.each([
  ['3,2,4', [0, 166, 333, 334, 666, 667, 778, 888, 999]],
  ['5,0,2', [0, 83, 166, 250, 333, 667, 999]],
  ['1,1', [0, 500]],
])('sections %s keep their own counts', (respacing, timesteps) => {
  expect(respaceTimesteps(respacing)).toEqual(timesteps);
});

test('30,20 keeps 30 of the first half and 20 of the second', () => {
  const kept = respaceTimesteps('30,20');
  expect(kept.filter((timestep) => timestep < 500)).toHaveLength(30);
  expect(kept.slice(27, 33)).toEqual([465, 482, 499, 500, 526, 553]);
});

test('sections of a shorter training run follow its length', () => {
  expect(respaceTimesteps('10,15,20', 300).slice(8, 12)).toEqual([88, 99, 100, 107]);
});

test('ddim50 keeps each 20th timestep', () => {
  expect(respaceTimesteps('ddim50')).toEqual(Array.from({ length: 50 }, (_, i) => 20 * i));
});

test('the empty string keeps every timestep', () => {
  expect(respaceTimesteps('')).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test.each([
  [1, /must be a step count from 2 to 1000/],
  ['1', /must be a step count from 2 to 1000/],
  [0, /must be a step count from 2 to 1000/],
  [1001, /must be a step count from 2 to 1000/],
  ['1,0', /at least 2/],
  ['501,2', /at most 500 of the 500 timesteps of section 1/],
  ['ddim999', /no integer stride/],
  ['ddim', /must be a step count/],
  ['30,', /must be a step count/],
  ['fast', /must be a step count/],
  [2.5, /must be a step count/],
  [-3, /must be a step count/],
  [Number.NaN, /must be a step count/],
])('respacing %s is refused, with the reason', (respacing, message) => {
  expect(() => respaceTimesteps(respacing)).toThrow(InvalidOptionError);
  expect(() => respaceTimesteps(respacing)).toThrow(message);
});
