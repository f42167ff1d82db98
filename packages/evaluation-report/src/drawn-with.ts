import { type Machine, machineText } from './machine.js';

/** What one sitting drew its pictures with, as far as a folder does not hold it fixed. */
export interface SetUp {
  /** CPU threads. */
  readonly threads: number;
  /** By what they are of, e.g. `onnxruntime-node`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
}

/** What pictures of several sittings were drawn with: each number, version and machine that occurs. */
export interface DrawnWith {
  readonly threads: readonly number[];
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly machines: readonly Machine[];
}

/** All that occurs in set-ups, each once, the smaller number or version first. */
export function drawnWith(setUps: readonly SetUp[]): DrawnWith {
  const names = [...new Set(setUps.flatMap(({ versions }) => Object.keys(versions)))];
  return {
    threads: [...new Set(setUps.map(({ threads }) => threads))].sort((a, b) => a - b),
    versions: Object.fromEntries(
      names.map((name) => {
        const found = new Set(setUps.map(({ versions }) => versions[name] ?? 'none'));
        return [name, [...found].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))];
      }),
    ),
    machines: [...new Map(setUps.map(({ machine }) => [machineText(machine), machine]))]
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([, machine]) => machine),
  };
}

/** `1 thread`, `2 threads`, `1 and 2 threads`. */
export function threadsText({ threads }: Pick<DrawnWith, 'threads'>): string {
  return `${listed(threads)} ${threads.length === 1 && threads[0] === 1 ? 'thread' : 'threads'}`;
}

/** `Some Processor (2 cores)`, `Another (8 cores) and Some Processor (2 cores)`. */
export function machinesText({ machines }: Pick<DrawnWith, 'machines'>): string {
  return listed(machines.map(machineText));
}

/** `tessera 0.1.0, onnxruntime-node 1.30.0 and 1.31.0`. */
export function versionsText(versions: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(versions)
    .map(([name, found]) => `${name} ${listed([found].flat())}`)
    .join(', ');
}

/** Says in what the pictures were drawn differently; nothing where they were not. */
export function mixtureNote({ threads, versions, machines }: DrawnWith): string | undefined {
  const mixed = Object.fromEntries(Object.entries(versions).filter(([, found]) => found.length > 1));
  const parts = [
    versionsText(mixed),
    threads.length > 1 ? threadsText({ threads }) : '',
    machines.length > 1 ? machinesText({ machines }) : '',
  ];
  const differences = parts.filter((part) => part !== '').join('; ');
  return differences === ''
    ? undefined
    : `The pictures were drawn with different set-ups: ${differences}. For one set-up, draw into another folder.`;
}

function listed(values: readonly (string | number)[]): string {
  const [last, ...before] = [...values].reverse();
  return before.length === 0 ? `${last}` : `${before.reverse().join(', ')} and ${last}`;
}
