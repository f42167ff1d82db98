import type { ComponentName } from '@tessera/format';

/** How often a graph was run and how long that took, in milliseconds. */
export interface GraphStatistics {
  readonly runs: number;
  readonly milliseconds: number;
}

/** Per graph, since the model was loaded. */
export type RunStatistics = { readonly [name in ComponentName]?: GraphStatistics };
