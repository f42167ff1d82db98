import type { Precision } from '@tessera/format';
import { expect, it, vi } from 'vitest';
import { precisionObstacle, startInPrecision } from './start-in-precision.js';

const start = async (precision: Precision) => `a model in ${precision}`;

it('starts in fp32 unless fp16 was requested', async () => {
  expect(await startInPrecision({ wanted: 'fp32', obstacle: 'Not asked.' }, start)).toEqual({
    model: 'a model in fp32',
    precision: 'fp32',
  });
});

it('starts in fp16 where nothing is in its way', async () => {
  expect(await startInPrecision({ wanted: 'fp16' }, start)).toEqual({
    model: 'a model in fp16',
    precision: 'fp16',
  });
});

it('does not try what is known to fail, and says why', async () => {
  const tried = vi.fn(start);
  expect(await startInPrecision({ wanted: 'fp16', obstacle: 'The CPU computes in fp32.' }, tried)).toEqual({
    model: 'a model in fp32',
    precision: 'fp32',
    precisionReason: 'The CPU computes in fp32.',
  });
  expect(tried.mock.calls).toEqual([['fp32']]);
});

it('starts in fp32 where fp16 fails, and says why', async () => {
  const failing = async (precision: Precision) => {
    if (precision === 'fp16') throw new Error('it computes this model wrong: z off by 0.5.\nat line 3');
    return start(precision);
  };
  expect(await startInPrecision({ wanted: 'fp16' }, failing)).toEqual({
    model: 'a model in fp32',
    precision: 'fp32',
    precisionReason: 'it computes this model wrong: z off by 0.5.',
  });
});

it('throws what fails in either precision', async () => {
  const gone = new Error('no adapter');
  await expect(startInPrecision({ wanted: 'fp16' }, () => Promise.reject(gone))).rejects.toBe(gone);
});

it('takes weights stored in fp16, and a sample to check by', () => {
  expect(precisionObstacle({ parity: 'parity.json' }, 'fp16')).toBeUndefined();
  expect(precisionObstacle({ parity: 'parity.json' }, 'int8')).toMatch(/stored in int8: fp16 takes/);
  expect(precisionObstacle({}, 'fp16')).toMatch(/no recorded sample/);
});
