import { describe, expect, it } from 'vitest';
import { totals } from '../run/step-record.js';
import { exampleStep } from '../testing/example-step.js';
import { knownAfter, stagesOf, tokenMarks } from './token-marks.js';

const step = (index: number, stage: string, positions: readonly number[], chosen: readonly number[] = []) =>
  exampleStep({
    index,
    stage,
    positions: Uint32Array.from(positions),
    diffusionSteps: new Uint16Array(positions.length).fill(5),
    chosen: Uint32Array.from(chosen),
  });

const steps = [
  step(0, 'generation', [4]),
  step(1, 'generation', [1, 2]),
  step(2, 'reconstruction', [0, 3], [3]),
];

describe('the marks of a run', () => {
  it('order each stage from its first step to its last', () => {
    expect(stagesOf(steps)).toEqual(['generation', 'reconstruction']);
    const marks = tokenMarks(steps, 2);
    expect(marks.map(({ position, stage, order }) => [position, stage, order])).toEqual([
      [4, 0, 0],
      [1, 0, 1],
      [2, 0, 1],
      [0, 1, 0],
      [3, 1, 0],
    ]);
    expect(marks.filter(({ chosen }) => chosen).map(({ position }) => position)).toEqual([3]);
  });

  it('are those of the tokens decoded so far, the newest told apart', () => {
    expect(tokenMarks(steps, -1)).toEqual([]);
    expect(tokenMarks(steps, 1).map(({ position, current }) => [position, current])).toEqual([
      [4, false],
      [1, true],
      [2, true],
    ]);
  });
});

describe('a token that is masked again', () => {
  const again = [
    step(0, 'generation', [1, 2]),
    { ...step(1, 'generation', [0]), remasked: Uint32Array.of(2) },
    step(2, 'correction', [2]),
  ];

  it('has no mark until it is decoded again, and then that of the later step', () => {
    expect(tokenMarks(again, 1).map(({ position }) => position)).toEqual([1, 0]);
    expect(tokenMarks(again, 2).map(({ position, stage }) => [position, stage])).toEqual([
      [1, 0],
      [0, 0],
      [2, 1],
    ]);
  });

  it('is unknown until then, and counts once', () => {
    expect(knownAfter(again, 1, undefined, 3)).toEqual(Uint8Array.of(1, 1, 0));
    expect(knownAfter(again, 2, undefined, 3)).toEqual(Uint8Array.of(1, 1, 1));
    expect(totals(again).tokens).toBe(3);
  });
});

it('knows after each step what it decoded and what was given', () => {
  expect(knownAfter(steps, -1, undefined, 6)).toEqual(new Uint8Array(6));
  expect(knownAfter(steps, 1, undefined, 6)).toEqual(Uint8Array.of(0, 1, 1, 0, 1, 0));
  expect(knownAfter(steps, 0, Uint8Array.of(0, 0, 0, 0, 0, 1), 6)).toEqual(Uint8Array.of(0, 0, 0, 0, 1, 1));
});
