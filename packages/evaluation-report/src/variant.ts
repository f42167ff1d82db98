import type { SamplingConfig } from '@tessera/format';

/** A way to sample, and its name in tables and plots. */
export interface Variant {
  readonly name: string;
  readonly sampling: SamplingConfig;
}
