import { expect, test } from 'vitest';
import { conclusionsOf, conclusionsSection, markedIfStale } from './conclusions.js';

const PATH = 'docs/order.md';

test('what people wrote comes back as they wrote it', () => {
  const text = 'GtR is **as good**.\n\n- and faster';
  expect(conclusionsOf(`# Title\n\n${conclusionsSection(text)}\n\nmore`, PATH)).toBe(text);
  expect(conclusionsOf(conclusionsSection(conclusionsOf(conclusionsSection(text), PATH)), PATH)).toBe(text);
});

test('a new page has room for them', () => {
  expect(conclusionsOf(undefined, PATH)).toBeUndefined();
  expect(conclusionsSection()).toContain('None yet');
});

test('a page that has lost a mark is not written over', () => {
  expect(() => conclusionsOf('# Title\n\nGtR is as good.', PATH)).toThrow(
    /^docs\/order\.md has lost the marks/,
  );
});

const COMPARISON = {
  arm: 'raster',
  against: 'random',
  metric: 'frechet' as const,
  difference: { value: 2.5, low: 1, high: 4 },
};

const BASIS = {
  n: 1200,
  seed: 1,
  network: { name: 'judge', width: 8, key: '1fcf71765a90' },
  model: { name: 'tiny', location: 'embedded', sha256: 'ab'.repeat(32) },
  margins: { frechet: 1.9, kid: 0.39 },
  made: { batch: 4 },
  confidence: 0.95,
  resamples: 1000,
  reference: { key: '3fa9b2c41d05' },
  arms: [
    { name: 'random', description: { steps: 32 }, speedup: { median: 1 } },
    { name: 'raster', description: { steps: 32 }, speedup: { median: 1.1 } },
  ],
  comparisons: [COMPARISON],
};

test('conclusions stand as they are beside the numbers that they were drawn from', () => {
  expect(markedIfStale('It works.', BASIS, BASIS)).toBe('It works.');
  // Of a study that isn't timed, seconds are those of drawing, which no page shows.
  const slower = BASIS.arms.map((arm) => ({ ...arm, speedup: { median: 0.5 } }));
  expect(markedIfStale('It works.', BASIS, { ...BASIS, arms: slower })).toBe('It works.');
});

test.each([
  ['judge of the same name', { network: { ...BASIS.network, key: '9b2c41d05aaa' } }],
  ['margin', { margins: { frechet: 2.5, kid: 0.39 } }],
  ['number of pictures', { n: 2400 }],
  ['number of resamples', { resamples: 2000 }],
  ['set of real pictures', { reference: { key: '0123456789ab' } }],
  ['arm', { arms: [{ ...BASIS.arms[0]!, description: { steps: 64 } }, BASIS.arms[1]!] }],
  ['comparison', { comparisons: [{ ...COMPARISON, arm: 'random', against: 'raster' }] }],
  ['difference', { comparisons: [{ ...COMPARISON, difference: { value: 2.4, low: 1, high: 4 } }] }],
])('conclusions beside numbers of another %s are marked once', (_, changes) => {
  const marked = markedIfStale('It works.', BASIS, { ...BASIS, ...changes });
  expect(marked).toMatch(
    /^> \*\*From an earlier run\*\*, 1200 .* judge judge, 1fcf71765a90, margins 1\.9 and 0\.39, .*\n\nIt works\.$/,
  );
  expect(markedIfStale(marked, BASIS, { ...BASIS, ...changes })).toBe(marked);
});

test('conclusions about speed are marked where it was measured anew', () => {
  const [timed, faster] = [1.1, 1.2].map((median) => ({
    ...BASIS,
    timing: {},
    arms: [BASIS.arms[0]!, { ...BASIS.arms[1]!, speedup: { median } }],
  }));
  expect(markedIfStale('It works.', timed, timed!)).toBe('It works.');
  expect(markedIfStale('It works.', timed, faster!)).toContain('From an earlier run');
});
