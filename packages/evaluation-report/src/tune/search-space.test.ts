import { parseSpec, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { FAKE_MANIFEST, fakeLoadedModel } from '../testing/fake-loaded-model.js';
import { candidatesOf, parseSearchSpace, SEARCH_SPACE, type SearchSpace } from './search-space.js';

const reference = resolveSampling(parseSpec('mar:64x100'), FAKE_MANIFEST.sampling);
const candidates = (space: SearchSpace, count = 1000, seed = 1) =>
  candidatesOf(space, { model: fakeLoadedModel(), count, seed, reference });
const small: SearchSpace = {
  format: 'tessera-search-space',
  version: 1,
  always: ['mar:3x2'],
  specs: ['mar:{steps}x{head}', 'halton:{steps}x2'],
  choices: { steps: ['2', '3'], head: ['2', '4'] },
};

test('every choice of every spec is a candidate, each way to sample once', () => {
  const names = candidates(small).map(({ name }) => name);
  expect(names[0]).toBe('mar:3x2');
  expect(names.toSorted()).toEqual(['halton:2x2', 'halton:3x2', 'mar:2x2', 'mar:2x4', 'mar:3x2', 'mar:3x4']);
});

test('a few are drawn at random, by seed, besides those that always are', () => {
  const few = (seed: number) => candidates(SEARCH_SPACE, 20, seed).map(({ name }) => name);
  expect(few(1)).toHaveLength(20);
  expect(few(1)).toEqual(few(1));
  expect(few(2)).not.toEqual(few(1));
  expect(few(2).slice(0, 3)).toEqual(few(1).slice(0, 3));
});

test('what the model can’t draw is left out, and so is the reference', () => {
  const space = { ...small, specs: ['mar:65x1', 'mar:64x100', 'mar:4x2'] };
  expect(candidates(space).map(({ name }) => name)).toEqual(['mar:3x2', 'mar:4x2']);
  expect(() => candidates({ ...small, always: [], specs: ['mar:65x1'] })).toThrow('can draw nothing');
  expect(() => candidates({ ...small, always: ['mars'] })).toThrow('There is no policy "mars"');
});

test('a file of a space is read, and told what is wrong with it', () => {
  expect(parseSearchSpace(JSON.stringify(SEARCH_SPACE), 'space.json')).toEqual(SEARCH_SPACE);
  const { choices: _, ...rest } = small;
  expect(() =>
    parseSearchSpace(JSON.stringify({ ...rest, choices: { steps: ['2'] } }), 'space.json'),
  ).toThrow('there is no {head}');
  expect(() => parseSearchSpace('{}', 'space.json')).toThrow("space.json can't be read as a search space");
});
