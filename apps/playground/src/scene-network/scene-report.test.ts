import { expect, it } from 'vitest';
import { sceneReport } from './scene-report.js';

const KNOWN = {
  things: [
    { name: 'fox', colour: 'orange', words: ['fox', 'foxes'] },
    { name: 'apple', colour: 'red', words: ['apple', 'apples'] },
  ],
  colours: ['blue', 'red'],
};
const at = (thing: number, colour: string | null = null) => ({
  ...{ thing, colour },
  ...{ size: 'small', row: 1, column: 1 },
});

it('names what was found, each kind once, and says whether it is what was asked for', () => {
  expect(sceneReport('two blue apples', [at(1, 'blue'), at(0), at(1, 'blue')], KNOWN)).toEqual({
    found: ['2 × blue apple', 'fox'],
    met: true,
  });
  expect(sceneReport('two blue apples', [at(1, 'blue')], KNOWN)).toEqual({
    found: ['blue apple'],
    met: false,
  });
  expect(sceneReport('a fox', [], KNOWN)).toEqual({ found: [], met: false });
});

it('says nothing of a prompt that names nothing known', () => {
  expect(sceneReport('a dream', [at(0)], KNOWN)).toEqual({ found: ['fox'] });
});
