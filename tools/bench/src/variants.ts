import { randomOrder, type SamplingPolicy } from '@tessera/core';
import { GTR_PRESETS, gtr } from '@tessera/gtr';

/** The same policy in the words of the PyTorch port. */
export type PortPolicy =
  | { readonly order: 'random'; readonly iterations: number; readonly diffusionSteps: number }
  | { readonly order: 'gtr'; readonly steps: readonly number[]; readonly fts: boolean };

/** One of the samplers that are compared. */
export interface BenchVariant {
  readonly name: string;
  readonly policy: SamplingPolicy;
  readonly port: PortPolicy;
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

function gtrVariant(preset: '32' | '16' | 'gradual', fts: boolean): BenchVariant {
  return {
    name: `gtr-${preset}${fts ? '+fts' : ''}`,
    policy: gtr(fts ? { preset } : { preset, frequencyWeighted: false }),
    port: { order: 'gtr', steps: GTR_PRESETS[preset].stepsPerStage, fts },
  };
}

export const VARIANT_NAMES: readonly string[] = VARIANTS.map(({ name }) => name);

/** The variants of the given names, in the order of the table. */
export function variantsNamed(names: readonly string[]): BenchVariant[] {
  const unknown = names.find((name) => !VARIANT_NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`--policies ${unknown}: there are ${VARIANT_NAMES.join(', ')}.`);
  return VARIANTS.filter(({ name }) => names.includes(name));
}
