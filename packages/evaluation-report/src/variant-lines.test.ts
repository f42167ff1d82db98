import { parseSpec, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';
import { variantLines } from './variant-lines.js';

const lines = (...names: readonly string[]) =>
  variantLines({
    arms: names.map((name) => ({ description: resolveSampling(parseSpec(name), FAKE_MANIFEST.sampling) })),
  });

test('what is the same in all variants is said once', () => {
  expect(lines('mar', 'gtr-16/fts=off')).toEqual({
    common: 'guidance linear:3, temperature 0.8, clamp 5',
    own: ['random order 64 × 100', 'GtR 12+3+1 × 50-20, fts off'],
  });
});

test('what differs is said of each', () => {
  expect(lines('mar', 'mar/guidance=constant:2', 'mar/sampler=ddim')).toEqual({
    common: 'temperature 0.8, clamp 5',
    own: [
      'random order 64 × 100, guidance linear:3',
      'random order 64 × 100, guidance constant:2',
      'random order 64 × 100, guidance linear:3, sampler ddim',
    ],
  });
});
