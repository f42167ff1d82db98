import { ancestralSampler, stepPlan } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { samplingWork } from './sampling-work.js';

const STEPS = [
  { batchIndex: 0, plan: stepPlan('a', [0, 1], [10, 20]), guidanceScale: 2 },
  { batchIndex: 0, plan: stepPlan('a', [2], 10), guidanceScale: 1 },
];

describe('samplingWork', () => {
  it('counts both halves of a guided step, one of another', () => {
    expect(samplingWork(STEPS, ancestralSampler())).toEqual({ passes: 3, headEvaluations: 70 });
  });

  it('counts the steps that the sampler takes, not those it is asked for', () => {
    const five = ancestralSampler()(5);
    expect(samplingWork(STEPS, () => five)).toEqual({ passes: 3, headEvaluations: 25 });
  });
});
