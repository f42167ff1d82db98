import { buildSampling, parseSpec, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { countFlops } from './count-flops.js';
import { sizesOf } from './flops-table.js';
import { RANDOM_MODELS } from './random-checkpoint.js';
import { transformerFlops } from './transformer-flops.js';

const advised = { guidance: { schedule: 'linear', scale: 3 }, temperature: 1 } as const;
const counted = (model: string, spec: string) =>
  countFlops(sizesOf(RANDOM_MODELS[model]!), buildSampling(resolveSampling(parseSpec(spec), advised)));

// TFLOP of the transformer, counted by hand from LazyMAR's and GtR's published schedules.
test.each([
  ['mar-b', 'mar:64x100', 10.46],
  ['mar-l', 'mar:64x100', 24.74],
  ['mar-h', 'mar:64x100', 48.25],
  ['mar-b', 'lazymar', 4.08],
  ['mar-l', 'lazymar', 9.31],
  ['mar-h', 'lazymar', 17.75],
  ['mar-b', 'gtr-32', 4.74],
  ['mar-b', 'gtr-16', 2.35],
  ['mar-b', 'gtr-gradual', 5.91],
])("%s's transformer takes as many operations by %s as counted by hand", async (model, spec, teras) => {
  const { transformer } = await counted(model, spec);
  expect(Math.abs(transformer / 1e12 / teras - 1)).toBeLessThan(0.005);
});

test("MAR-B's head takes 3.44 TFLOP: 256 tokens × 100 steps × 2 halves of 34 million products", async () => {
  const { head } = await counted('mar-b', 'mar:64x100');
  expect(head / 1e12).toBeCloseTo(3.44, 2);
});

test('without guidance all of it is half, and a head that reuses takes less than a third', async () => {
  const guided = await counted('mar-b', 'mar:64x100');
  const unguided = await counted('mar-b', 'mar:64x100/guidance=off');
  expect(unguided.transformer / guided.transformer).toBeCloseTo(0.5, 2);
  expect(unguided.head / guided.head).toBeCloseTo(0.5, 3);
  const reused = await counted('mar-b', 'lazymar/lazy-parts=head');
  expect(reused.transformer).toBe(guided.transformer);
  expect(reused.head / guided.head).toBeLessThan(1 / 3);
});

test('a corrector adds what it judges and what it draws again', async () => {
  const [plain, corrected] = await Promise.all([
    counted('mar-b', 'gtr-16/guidance=off'),
    counted('mar-b', 'gtr-16/guidance=off/corrector=0.25:1'),
  ]);
  expect(corrected!.transformer).toBeGreaterThan(plain!.transformer);
  expect(corrected!.head).toBeGreaterThan(plain!.head);
});

test('a row that takes nothing from the step before costs what one without caches does', () => {
  const sizes = sizesOf(RANDOM_MODELS['mar-b']!);
  const row = { visible: 40, targets: 7 };
  const reused = { previous: 40, kept: sizes.buffer + sizes.length, cut: 3 };
  expect(transformerFlops(sizes, row, reused)).toBe(transformerFlops(sizes, row));
});
