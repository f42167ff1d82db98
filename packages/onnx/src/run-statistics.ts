import type { ComponentName } from '@tessera/format';

/** How often a graph was run and how long that took, in milliseconds. */
export interface GraphStatistics {
  readonly runs: number;
  readonly milliseconds: number;
}

/** Per graph, since the model was loaded. */
export type RunStatistics = { readonly [name in ComponentName]?: GraphStatistics };

/** Statistics of a model and of others that work at the same time as each other: of their times the longest counts. */
export function statisticsBeside(own: RunStatistics, others: readonly RunStatistics[]): RunStatistics {
  const names = new Set([own, ...others].flatMap((each) => Object.keys(each) as ComponentName[]));
  return Object.fromEntries(
    Array.from(names, (name): [ComponentName, GraphStatistics] => {
      const { runs, milliseconds } = own[name] ?? { runs: 0, milliseconds: 0 };
      const each = others.map((other) => other[name] ?? { runs: 0, milliseconds: 0 });
      const longest = Math.max(0, ...each.map((other) => other.milliseconds));
      return [
        name,
        { runs: each.reduce((sum, other) => sum + other.runs, runs), milliseconds: milliseconds + longest },
      ];
    }),
  );
}
