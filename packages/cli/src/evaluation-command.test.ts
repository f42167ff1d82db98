import { expect, test } from 'vitest';
import { evaluationCommand } from './evaluation-command.js';

const flags = {
  policies: 'mar,gtr-32/fts=off',
  n: 24,
  seed: 1,
  batch: 12,
  device: 'cpu',
  dtype: 'fp16',
  margins: {},
  sampling: {},
  resamples: 1000,
} as const;

test('the command says everything that the report depends on', () => {
  expect(
    evaluationCommand({ ...flags, sampling: { guidance: '2' }, margins: { frechet: 0.5, kid: 0.01 } }),
  ).toBe(
    'tessera evaluate --policies mar,gtr-32/fts=off --n 24 --seed 1 --batch 12 --device cpu --dtype fp16 ' +
      '--guidance 2 --margin 0.5,0.01 --resamples 1000',
  );
});

test('a shell reads each word as it was', () => {
  expect(evaluationCommand({ ...flags, real: "my pictures'" })).toContain(
    "--real 'my pictures'\\''' --resamples",
  );
});
