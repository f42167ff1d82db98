import type { DiffusionStep, SamplerCoefficients, StepNoise } from '@tessera/core';

/**
 * A diffusion table as one array of numbers: copying a hundred nested objects from thread to thread takes 0.2 ms, and it
 * is done at every step of an image.
 */
export interface PackedTable {
  readonly name: string;
  readonly temperedStart: boolean;
  /** [S, 9]. */
  readonly numbers: Float64Array;
}

/** Numbers a step: its timestep, the five coefficients, the kind of its noise and that one's two parameters. */
const FIELDS = 9;
const NOISE_KINDS = ['none', 'fixed', 'learned'] as const satisfies readonly StepNoise['kind'][];

export function packTable({ name, steps, temperedStart = false }: SamplerCoefficients): PackedTable {
  const numbers = new Float64Array(steps.length * FIELDS);
  for (const [i, { timestep, xStart, update, noise }] of steps.entries()) {
    const [first, second] =
      noise.kind === 'learned'
        ? [noise.minLogVariance, noise.maxLogVariance]
        : [noise.kind === 'fixed' ? noise.sigma : 0, 0];
    numbers.set(
      [
        timestep,
        xStart.x,
        xStart.epsilon,
        update.x,
        update.xStart,
        update.previousXStart,
        NOISE_KINDS.indexOf(noise.kind),
        first,
        second,
      ],
      i * FIELDS,
    );
  }
  return { name, temperedStart, numbers };
}

export function unpackTable({ name, temperedStart, numbers }: PackedTable): SamplerCoefficients {
  const steps = Array.from({ length: numbers.length / FIELDS }, (_, i): DiffusionStep => {
    const at = (field: number): number => numbers[i * FIELDS + field]!;
    return {
      timestep: at(0),
      xStart: { x: at(1), epsilon: at(2) },
      update: { x: at(3), xStart: at(4), previousXStart: at(5) },
      noise: unpackNoise(NOISE_KINDS[at(6)]!, at(7), at(8)),
    };
  });
  return { name, steps, temperedStart };
}

function unpackNoise(kind: StepNoise['kind'], first: number, second: number): StepNoise {
  if (kind === 'none') return { kind };
  return kind === 'fixed' ? { kind, sigma: first } : { kind, minLogVariance: first, maxLogVariance: second };
}
