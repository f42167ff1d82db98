import { expect, test } from 'vitest';
import { table } from './table.js';

test('columns are as wide as their widest cell, names to the left and figures to the right', () => {
  const text = table([
    ['sampler', 's', 'share'],
    ['a', '10.25', '5 %'],
    ['much longer', '1', '100 %'],
  ]);
  expect(text.split('\n')).toEqual([
    'sampler          s  share',
    '-------------------------',
    'a            10.25    5 %',
    'much longer      1  100 %',
  ]);
});
