import { lazyMar, randomOrder, type SamplingPolicy } from '@tessera/core';
import type { ReuseSchedule } from '@tessera/core/model';
import { GTR_PRESETS, gtr } from '@tessera/gtr';

/** The same policy in the words of the PyTorch port. */
export type PortPolicy =
  | { readonly order: 'random'; readonly iterations: number; readonly diffusionSteps: number }
  | { readonly order: 'gtr'; readonly steps: readonly number[]; readonly fts: boolean };

/** One of the samplers that are compared. */
export interface BenchVariant {
  readonly name: string;
  readonly policy: SamplingPolicy;
  /** What steps take from earlier ones, for models with graphs that can. @default nothing */
  readonly reuse?: ReuseSchedule;
  /** Absent where the port has no such sampler. */
  readonly port?: PortPolicy;
}

/** MAR's own sampler first: what all others are compared with. */
const VARIANTS: readonly BenchVariant[] = [
  {
    name: 'mar-64x100',
    policy: randomOrder({ steps: 64, diffusionSteps: 100 }),
    port: { order: 'random', iterations: 64, diffusionSteps: 100 },
  },
  gtrVariant('32', false),
  gtrVariant('32', true),
  gtrVariant('16', false),
  gtrVariant('16', true),
  gtrVariant('gradual', false),
];

/** Samplers for models that are converted with caches, which hold the transformer once more. */
const CACHED: readonly BenchVariant[] = [
  {
    name: 'lazymar-64x100',
    policy: randomOrder({ steps: 64, diffusionSteps: 100 }),
    reuse: lazyMar(),
  },
];

function gtrVariant(preset: '32' | '16' | 'gradual', fts: boolean): BenchVariant {
  return {
    name: `gtr-${preset}${fts ? '+fts' : ''}`,
    policy: gtr(fts ? { preset } : { preset, frequencyWeighted: false }),
    port: { order: 'gtr', steps: GTR_PRESETS[preset].stepsPerStage, fts },
  };
}

/** What is compared unless asked otherwise. */
export const USUAL_VARIANT_NAMES: readonly string[] = VARIANTS.map(({ name }) => name);

const ALL = [...VARIANTS, ...CACHED];
export const VARIANT_NAMES: readonly string[] = ALL.map(({ name }) => name);

/** The variants of the given names, in the order of the table. */
export function variantsNamed(names: readonly string[]): BenchVariant[] {
  const unknown = names.find((name) => !VARIANT_NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`--policies ${unknown}: there are ${VARIANT_NAMES.join(', ')}.`);
  return ALL.filter(({ name }) => names.includes(name));
}
