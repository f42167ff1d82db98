import { expect, it } from 'vitest';
import { weightsNotice } from './weights-notice.js';

it('raw weights, and a bare copy that may be raw, are pointed out with what the audit found', () => {
  for (const weights of ['raw', 'unknown'] as const) {
    expect(weightsNotice({ name: 'mar-base', weights })).toMatch(
      /^Note: "mar-base" has .*FID 5\.56 instead of 2\.31/,
    );
  }
  expect(weightsNotice({ name: 'mar-base', weights: 'raw' })).toMatch(/raw weights of its training/);
  expect(weightsNotice({ name: 'mar-base', weights: 'unknown' })).toMatch(/nothing tells/);
});

it('averaged weights, older folders and models of other families are not', () => {
  expect(weightsNotice({ name: 'a', weights: 'averaged' })).toBeUndefined();
  expect(weightsNotice({ name: 'a' })).toBeUndefined();
  expect(weightsNotice({ name: 'a', weights: 'unknown', family: 'nitro' })).toBeUndefined();
});
