import { expect, test } from 'vitest';
import { wrapName } from './wrap-name.js';

test('a name that fits stays whole', () => {
  expect(wrapName('gtr-32', 30)).toEqual(['gtr-32']);
});

test('a longer one is broken where a part begins, near its middle', () => {
  expect(wrapName('mar:16x50/sampler=dpm/guidance=interval:3:0-0.5', 30)).toEqual([
    'mar:16x50/sampler=dpm',
    '/guidance=interval:3:0-0.5',
  ]);
  expect(wrapName('GtR on quincunx subsets, random FTS', 25)).toEqual([
    'GtR on quincunx',
    'subsets, random FTS',
  ]);
});

test('what has no parts ends in an ellipsis', () => {
  expect(wrapName('x'.repeat(40), 10)).toEqual(['xxxxxxxxx…']);
});
