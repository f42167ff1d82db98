import { expect, test } from 'vitest';
import { commandOf, isRecord, parseOptions } from './options.js';
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

test.each([
  [['fts'], '', true],
  [['fts', '--n', '2400', '--workers', '1', '--threads', '2'], ' --n 2400', true],
  [['fts', '--n', '240'], ' --n 240', false],
  [['fts', '--seed', '2'], ' --seed 2', false],
  [['fts', '--batch', '1', '--model', 'my models/b'], ' --model "my models/b" --batch 1', false],
])('%j is told as what gives the same numbers, and goes on record or not', (argv, told, record) => {
  const options = parseOptions(argv)!;
  expect(commandOf(options.studies[0]!, options)).toBe(`npm run evidence -- fts${told}`);
  expect(isRecord(options)).toBe(record);
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
