import { expect, test } from 'vitest';
import { philox4x32 } from './philox.js';

/** Random123's known answers for philox4x32, 10 rounds: counter, key, output. */
const KNOWN_ANSWERS = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const;

const words = (text: string) => Uint32Array.from(text.split(' '), (word) => Number.parseInt(word, 16));

test.each(KNOWN_ANSWERS)('counter %s under key %s gives the published block', (counter, key, expected) => {
  const [key0, key1] = words(key);
  expect(philox4x32(words(counter), [key0!, key1!], new Uint32Array(4))).toEqual(words(expected));
});

test('the block may overwrite its counter', () => {
  const counter = words(KNOWN_ANSWERS[2][0]);
  philox4x32(counter, [0xa4093822, 0x299f31d0], counter);
  expect(counter).toEqual(words(KNOWN_ANSWERS[2][2]));
});
