import type { DiffusionStep, StepNoise } from '@tessera/core/diffusion';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packCoefficients, unpackCoefficients } from './packed-coefficients.js';

const number = fc.double({ noNaN: true });
const noise: fc.Arbitrary<StepNoise> = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constant('fixed' as const), sigma: number }),
  fc.record({ kind: fc.constant('learned' as const), minLogVariance: number, maxLogVariance: number }),
);
const step: fc.Arbitrary<DiffusionStep> = fc.record({
  timestep: number,
  xStart: fc.record({ x: number, output: number }),
  update: fc.record({ x: number, xStart: number, previousXStarts: fc.array(number, { maxLength: 4 }) }),
  noise,
});

it('brings any coefficients through unchanged, to the bit', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          name: fc.string(),
          prediction: fc.constantFrom('epsilon' as const, 'velocity' as const),
          steps: fc.array(step),
          temperedStart: fc.boolean(),
        },
        { noNullPrototype: true },
      ),
      (coefficients) => {
        expect(unpackCoefficients(structuredClone(packCoefficients(coefficients)))).toEqual(coefficients);
      },
    ),
  );
});
