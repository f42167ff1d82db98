import { cosineMaskSchedule, evenMaskSchedule, InvalidOptionError, type StepPlan } from '@tessera/core';
import { planImage } from '@tessera/core/model';
import { describePolicy } from '@tessera/core/testing/suites';
import { describe, expect, it } from 'vitest';
import { bisectedOrder } from './bisected-order.js';
import { generationThenReconstruction } from './generation-then-reconstruction.js';

const tokens = (made: readonly StepPlan[]) => made.map((plan) => plan.positions.length);
const order = (made: readonly StepPlan[]) => made.flatMap((plan) => [...plan.positions]);

describePolicy('bisectedOrder', () => bisectedOrder({ steps: 4 }));

describe('bisectedOrder', () => {
  it.each(['diagonal', 'quincunx'] as const)(
    'decodes %s subsets in the order of GtR at the same seed',
    (subsets) => {
      const reconstructed = generationThenReconstruction({ subsets, firstColour: 1 });
      const ordered = bisectedOrder({ subsets, firstColour: 1, steps: 20 });
      expect(order(planImage(ordered, { height: 16, width: 16 }, { seed: 5 }))).toEqual(
        order(planImage(reconstructed, { height: 16, width: 16 }, { seed: 5 })),
      );
    },
  );

  it('takes the counts and diffusion steps of a plain policy', () => {
    const made = planImage(bisectedOrder({ steps: 20 }), { height: 16, width: 16 });
    expect(tokens(made)).toEqual(cosineMaskSchedule(256, 20));
    expect(made.every(({ diffusionSteps }) => diffusionSteps.every((steps) => steps === 100))).toBe(true);
    const even = planImage(bisectedOrder({ steps: 5, maskSchedule: evenMaskSchedule, diffusionSteps: 7 }), {
      height: 16,
      width: 16,
    });
    expect(tokens(even)).toEqual(evenMaskSchedule(256, 5));
    expect(even[0]!.diffusionSteps[0]).toBe(7);
  });

  it('refuses options out of range', () => {
    const subsets = ['spiral', 'random'].map((name) => ({ subsets: name as 'diagonal' }));
    for (const options of [{ stages: 0 }, { firstColour: 2 as 1 }, ...subsets]) {
      expect(() => bisectedOrder(options)).toThrow(InvalidOptionError);
    }
  });
});
