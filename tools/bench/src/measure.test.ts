import { stepPlan } from '@tessera/core';
import { expect, test } from 'vitest';
import { imageFlops } from './measure.js';
import { transformerFlops } from './transformer-flops.js';

const stack = { width: 8, depth: 2, hidden: 32 };
const sizes = { length: 16, channels: 4, buffer: 2, encoder: stack, decoder: stack };
const step = (positions: readonly number[], guidanceScale: number) => ({
  batchIndex: 0,
  plan: stepPlan('generation', positions, 10),
  guidanceScale,
  work: { passes: guidanceScale === 1 ? 1 : 2, conditionRows: 0, headEvaluations: 0 },
});

test('what a step decodes is visible in the next, and guidance takes a second row', () => {
  const steps = [step([3], 1), step([1, 2], 1.5), step([0, 4, 5], 3)];
  expect(imageFlops(sizes, { steps })).toBe(
    transformerFlops(sizes, { visible: 0, targets: 1 }) +
      2 * transformerFlops(sizes, { visible: 1, targets: 2 }) +
      2 * transformerFlops(sizes, { visible: 3, targets: 3 }),
  );
});
