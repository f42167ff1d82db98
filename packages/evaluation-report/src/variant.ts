import type { SamplingConfig } from '@tessera/format';
import type { ModelInUse } from './environment.js';

/** A way to sample, and its name in tables and plots. */
export interface Variant {
  readonly name: string;
  readonly sampling: SamplingConfig;
  /** What draws it. @default the evaluation's model */
  readonly used?: ModelInUse;
}

/** What tells a variant's pictures from those of others in a folder. */
export function variantKey({ sampling, used }: Omit<Variant, 'name'>): unknown {
  return used ? { sampling, model: used.identity.sha256, dtype: used.made.dtype } : sampling;
}
