import { expect, test } from 'vitest';
import { timeLeft } from './time-left.js';

test('what is left is what each arm has to draw, at its own pace', () => {
  const left = timeLeft(
    new Map([
      ['slow', 0],
      ['fast', 60],
    ]),
    100,
  );
  expect(left.seconds()).toBeUndefined();
  left.update('slow', 10, 2);
  left.update('fast', 70, 0.5);
  expect(left.seconds()).toBeCloseTo(90 * 2 + 30 * 0.5);
  expect(left.fraction()).toBeCloseTo(80 / 200);
});

test('an arm that has not drawn yet is taken to be as fast as the others', () => {
  const left = timeLeft(
    new Map([
      ['one', 0],
      ['other', 0],
    ]),
    10,
  );
  left.update('one', 5, 3);
  expect(left.seconds()).toBeCloseTo(15 * 3);
});

test('a slower machine shows after a few batches', () => {
  const left = timeLeft(new Map([['arm', 0]]), 1000);
  for (let batch = 1; batch <= 20; batch++) left.update('arm', batch, batch < 5 ? 1 : 4);
  expect(left.seconds()! / 980).toBeGreaterThan(3.9);
});
