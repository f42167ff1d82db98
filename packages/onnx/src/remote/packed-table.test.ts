import type { DiffusionStep, StepNoise } from '@tessera/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packTable, unpackTable } from './packed-table.js';

const number = fc.double({ noNaN: true });
const noise: fc.Arbitrary<StepNoise> = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constant('fixed' as const), sigma: number }),
  fc.record({ kind: fc.constant('learned' as const), minLogVariance: number, maxLogVariance: number }),
);
const step: fc.Arbitrary<DiffusionStep> = fc.record({
  timestep: number,
  xStart: fc.record({ x: number, epsilon: number }),
  update: fc.record({ x: number, xStart: number, previousXStart: number }),
  noise,
});

it('brings any table through unchanged, to the bit', () => {
  fc.assert(
    fc.property(
      fc.record(
        { name: fc.string(), steps: fc.array(step), temperedStart: fc.boolean() },
        { noNullPrototype: true },
      ),
      (table) => {
        expect(unpackTable(structuredClone(packTable(table)))).toEqual(table);
      },
    ),
  );
});
