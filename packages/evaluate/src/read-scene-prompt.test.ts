import { describe, expect, it } from 'vitest';
import { readScenePrompt } from './read-scene-prompt.js';

const KNOWN = {
  things: [
    { name: 'fox', colour: 'orange', words: ['fox', 'foxes'] },
    { name: 'orange', colour: 'orange', words: ['orange', 'oranges'] },
    { name: 'traffic light', colour: null, words: ['traffic light', 'traffic lights'] },
    { name: 'pair of socks', colour: 'blue', words: ['pair of socks', 'pairs of socks', 'socks'] },
    { name: 'cup', colour: null },
  ],
  colours: ['red', 'orange', 'blue'],
};
const [FOX, ORANGE, LIGHT, SOCKS, CUP] = [0, 1, 2, 3, 4];

const read = (text: string) => {
  const { text: _, heldOut: __, ...asked } = readScenePrompt(text, KNOWN)!;
  return asked;
};

describe('readScenePrompt', () => {
  it.each([
    ['a fox', { wanted: [{ thing: FOX }] }],
    ['A big red FOX, in the snow', { wanted: [{ thing: FOX, colour: 'red' }] }],
    ['an orange', { wanted: [{ thing: ORANGE }] }],
    ['an orange fox', { wanted: [{ thing: FOX, colour: 'orange' }] }],
    ['a blue orange', { wanted: [{ thing: ORANGE, colour: 'blue' }] }],
    ['three blue foxes', { wanted: [{ thing: FOX, colour: 'blue' }], count: 3 }],
    ['a couple of foxes', { wanted: [{ thing: FOX }], count: 2 }],
    ['a pair of socks', { wanted: [{ thing: SOCKS }] }],
    ['two pairs of socks on a red background', { wanted: [{ thing: SOCKS }], count: 2 }],
    ['a cup and a traffic light', { wanted: [{ thing: CUP }, { thing: LIGHT }] }],
    [
      'a fox to the left of a red cup',
      { wanted: [{ thing: FOX }, { thing: CUP, colour: 'red' }], relation: 'left of' },
    ],
    ['a fox right of a cup', { wanted: [{ thing: FOX }, { thing: CUP }], relation: 'right of' }],
    ['a fox on top of a cup', { wanted: [{ thing: FOX }, { thing: CUP }], relation: 'above' }],
    ['a fox under a cup', { wanted: [{ thing: FOX }, { thing: CUP }], relation: 'below' }],
    ['a fox, a cup and socks', { wanted: [{ thing: FOX }, { thing: CUP }, { thing: SOCKS }] }],
    ['two red things and a fox', { wanted: [{ thing: FOX }] }],
  ])('reads %j', (text, asked) => {
    expect(read(text)).toEqual(asked);
  });

  it.each(['', 'nothing known', 'red', 'a foxglove'])('finds nothing to check in %j', (text) => {
    expect(readScenePrompt(text, KNOWN)).toBeUndefined();
  });
});
