import { describe, expect, it } from 'vitest';
import { exampleStep } from '../testing/example-step.js';
import { describeStep, timelineRows } from './timeline-bars.js';

const step = (index: number, steps: readonly number[], chosen: number, milliseconds: number) =>
  exampleStep({
    index,
    stage: 'reconstruction',
    positions: Uint32Array.from(steps, (_, i) => i),
    diffusionSteps: Uint16Array.from(steps),
    chosen: new Uint32Array(chosen),
    milliseconds,
  });

const steps = [step(0, [50], 0, 3.14), step(1, [20, 50, 20], 1, 120.4)];

describe('the timeline', () => {
  it('plots tokens, the most diffusion steps, and time', () => {
    expect(timelineRows(steps).map(({ values, top }) => [values, top])).toEqual([
      [[1, 3], 3],
      [[50, 50], 50],
      [[3.14, 120.4], 120.4],
    ]);
  });

  it('is there before the first step', () => {
    for (const { values, top } of timelineRows([])) expect([values, top]).toEqual([[], 1]);
    expect(describeStep([], -1, undefined)).toBe('Before the first step');
  });

  it('says of each step what it did', () => {
    expect(describeStep(steps, 0, 16)).toBe(
      'Step 1 of 16, reconstruction: 1 tokens, 50 diffusion steps, 3.1 ms',
    );
    expect(describeStep(steps, 1, undefined)).toBe(
      'Step 2, reconstruction: 3 tokens, 1 of them chosen for detail, 20 to 50 diffusion steps, 120 ms',
    );
  });
});
