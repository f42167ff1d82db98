import { expect, it } from 'vitest';
import { TimeEstimate } from './time-estimate.js';

function store(items = new Map<string, string>()) {
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
}

const step = (
  passes: number,
  headEvaluations: number,
  milliseconds = 8 * passes + 0.01 * headEvaluations,
) => ({
  passes,
  headEvaluations,
  milliseconds,
});

it('knows nothing before the first picture on a device', () => {
  const estimate = new TimeEstimate(store());
  estimate.learn('tiny on webgpu', [step(1, 100), step(2, 4000)]);
  expect(estimate.of('tiny on wasm', { passes: 64, headEvaluations: 25_600 })).toBeUndefined();
});

it('tells the time of another picture from what passes and evaluations cost in one', () => {
  const estimate = new TimeEstimate(store());
  estimate.learn('tiny on wasm', [step(1, 100), step(2, 4000), step(2, 900)]);
  expect(estimate.of('tiny on wasm', { passes: 64, headEvaluations: 25_600 })).toBeCloseTo(8 * 64 + 256, 5);
});

it('never estimates a negative cost', () => {
  const estimate = new TimeEstimate(store());
  estimate.learn('tiny on wasm', [step(1, 100, 50), step(1, 5000, 20)]);
  expect(estimate.of('tiny on wasm', { passes: 1, headEvaluations: 1_000_000 })).toBeGreaterThan(0);
});

it('follows a device that has become slower', () => {
  const estimate = new TimeEstimate(store());
  estimate.learn('tiny on wasm', [step(1, 100), step(2, 4000)]);
  for (let i = 0; i < 12; i++) estimate.learn('tiny on wasm', [step(1, 100, 20), step(2, 4000, 160)]);
  expect(estimate.of('tiny on wasm', { passes: 3, headEvaluations: 4100 })!).toBeGreaterThan(160);
});

it('survives a reload, and what can’t be read', () => {
  const items = new Map<string, string>();
  new TimeEstimate(store(items)).learn('tiny on wasm', [step(1, 100), step(2, 4000)]);
  expect(new TimeEstimate(store(items)).of('tiny on wasm', { passes: 1, headEvaluations: 0 })).toBeCloseTo(8);
  const damaged = new Map([...items.keys()].map((key) => [key, 'nonsense']));
  expect(
    new TimeEstimate(store(damaged)).of('tiny on wasm', { passes: 1, headEvaluations: 0 }),
  ).toBeUndefined();
});
