import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { madeWith, manifestHash, type Recipe } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';

/** What times hang on beside what is timed. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
}

/** The one that this runs on. */
export function thisMachine(): Machine {
  const processors = cpus();
  return { processor: processors[0]?.model.trim() ?? 'unknown', cores: processors.length };
}

/** `Some Processor (2 cores)`. */
export function machineText({ processor, cores }: Machine): string {
  return `${processor} (${cores} ${cores === 1 ? 'core' : 'cores'})`;
}

/** The versions that a picture may depend on. */
export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    tessera: own.version,
    node: process.versions.node,
    'onnxruntime-node': versionOf('onnxruntime-node'),
  };
}

/** A dependency's version, by its package.json. */
function versionOf(name: string): string {
  try {
    const require = createRequire(import.meta.url);
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return 'not installed';
  }
}

/** A loaded model and what a recipe says about it. */
export interface ModelInUse {
  readonly model: LoadedModel;
  readonly identity: Recipe['model'];
  readonly made: Recipe['made'];
}

/** @param location as it was given, or `embedded` */
export async function describeModel(model: LoadedModel, location: string): Promise<ModelInUse> {
  return {
    model,
    identity: { name: model.manifest.name, location, sha256: await manifestHash(model.manifest) },
    made: madeWith(model, versions()),
  };
}

/** What one session drew its pictures with, as far as a folder does not hold it fixed. */
export interface Environment {
  /** CPU threads. */
  readonly threads: number;
  /** By what they are of, e.g. `onnxruntime-node`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
}

/** What pictures of several sessions were drawn with: each number, version and machine that occurs. */
export interface Environments {
  readonly threads: readonly number[];
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly machines: readonly Machine[];
}

/** Pictures of a variant that come with the network, and what they were drawn with. */
export interface RecordedPart extends Environments {
  readonly arm: string;
  readonly pictures: number;
}

/** All that occurs in environments, each once, the smaller number or version first. */
export function environmentsOf(each: readonly Environment[]): Environments {
  const names = [...new Set(each.flatMap(({ versions }) => Object.keys(versions)))];
  return {
    threads: [...new Set(each.map(({ threads }) => threads))].sort((a, b) => a - b),
    versions: Object.fromEntries(
      names.map((name) => {
        const found = new Set(each.map(({ versions }) => versions[name] ?? 'none'));
        return [name, [...found].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))];
      }),
    ),
    machines: [...new Map(each.map(({ machine }) => [machineText(machine), machine]))]
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([, machine]) => machine),
  };
}

/** `1 thread`, `2 threads`, `1 and 2 threads`. */
export function threadsText({ threads }: Pick<Environments, 'threads'>): string {
  return `${listed(threads)} ${threads.length === 1 && threads[0] === 1 ? 'thread' : 'threads'}`;
}

/** `Some Processor (2 cores)`, `Another (8 cores) and Some Processor (2 cores)`. */
export function machinesText({ machines }: Pick<Environments, 'machines'>): string {
  return listed(machines.map(machineText));
}

/** `tessera 0.1.0, onnxruntime-node 1.30.0 and 1.31.0`. */
export function versionsText(versions: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(versions)
    .map(([name, found]) => `${name} ${listed([found].flat())}`)
    .join(', ');
}

/** In what the pictures were drawn differently; undefined where they were not. */
export function mixtureNote({ threads, versions, machines }: Environments): string | undefined {
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

/** `1, 2 and 3`. */
export function listed(values: readonly (string | number)[]): string {
  const [last, ...before] = [...values].reverse();
  return before.length === 0 ? `${last}` : `${before.reverse().join(', ')} and ${last}`;
}

/** How variants were timed that were timed apart from the drawing: one picture at a time, the variants in turn. */
export interface TimingEnvironment {
  /** Pictures a variant. */
  readonly pictures: number;
  /** CPU threads. */
  readonly threads: number;
  readonly machine: Machine;
}

/** `36 pictures of each variant, one at a time and the variants in turn, 2 threads, Some Processor (2 cores)`. */
export function timingText({ pictures, threads, machine }: TimingEnvironment): string {
  return (
    `${pictures} pictures of each variant, one at a time and the variants in turn, ` +
    `${threadsText({ threads: [threads] })}, ${machineText(machine)}`
  );
}
