import { expect, test } from 'vitest';
import { parseOptions } from './options.js';
import { STUDIES } from './studies/index.js';

test('a study is named, and the rest has defaults', () => {
  expect(parseOptions(['fts'])).toMatchObject({ studies: [{ id: 'fts' }], n: 1200, seed: 1, batch: 4 });
  expect(parseOptions(['fts'])!.workers).toBeGreaterThanOrEqual(1);
  expect(parseOptions(['order', 'head', '--n', '24', '--threads', '1', '--workers', '3'])).toMatchObject({
    studies: [{ id: 'order' }, { id: 'head' }],
    n: 24,
    threads: 1,
    workers: 3,
  });
  expect(parseOptions(['all'])!.studies).toBe(STUDIES);
});

test('help is given where it is asked for, or nothing is', () => {
  expect(parseOptions([])).toBeUndefined();
  expect(parseOptions(['order', '--help'])).toBeUndefined();
});

test.each([
  [['nothing']],
  [['order', '--n', '1']],
  [['order', '--seed', 'x']],
  [['order', '--nn', '3']],
  [['order', '--workers', '0']],
])('%j is told to be wrong', (argv) => {
  expect(() => parseOptions(argv)).toThrow();
});
