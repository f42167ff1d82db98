import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Quartiles, quartilesOf } from '@tessera/evaluate';
import { jsonHash } from '@tessera/format';
import { compare } from '../comparison.js';
import { type Machine, type ModelInUse, type TimingEnvironment, thisMachine } from '../environment.js';
import { writeJson } from '../files/written-file.js';
import type { Subjects } from '../subjects.js';
import type { Variant } from '../variant.js';

/** How long each variant's pictures take, one at a time. */
export interface Timing extends TimingEnvironment {
  readonly variants: readonly {
    readonly name: string;
    readonly secondsPerImage: Quartiles;
    /** How many times as fast as the first variant, of the same pictures. */
    readonly speedup: Quartiles;
  }[];
}

export interface TimingOptions {
  readonly used: ModelInUse;
  readonly variants: readonly Variant[];
  readonly seed: number;
  readonly subjects: Subjects;
  /** Pictures of each class or skill. */
  readonly rounds: number;
  /** Pictures, at most. @default all of them */
  readonly most?: number;
  /** The file that keeps the times, so that they are taken once. */
  readonly path: string;
  /** @default this one */
  readonly machine?: Machine;
  readonly signal: AbortSignal;
  onProgress?(done: number, total: number): void;
}

/** Times variants against each other in one run, or reads what an earlier run has found for the same ones on such a machine. */
export async function timeVariants(options: TimingOptions): Promise<Timing> {
  const {
    used,
    variants,
    seed,
    subjects,
    rounds,
    most,
    path,
    machine = thisMachine(),
    signal,
    onProgress,
  } = options;
  const { model, made, identity } = used;
  const { threads } = model;
  const { sha256 } = identity;
  // Named as in the files of earlier versions, whose times are still good.
  const key = await jsonHash({
    arms: variants,
    rounds,
    ...(most === undefined ? {} : { most }),
    seed,
    made,
    threads,
    machine,
    model: sha256,
  });
  const kept = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as KeptTiming) : undefined;
  if (kept?.key === key) {
    const { arms, ...timing } = kept.timing;
    return { ...timing, variants: arms };
  }
  const runs = await compare({
    model,
    variants,
    seed,
    pictures: Array.from(
      { length: Math.min(most ?? Number.POSITIVE_INFINITY, rounds * subjects.groups) },
      (_, index) => subjects.pictureOf(index),
    ),
    signal,
    onPicture: ({ done, total }) => onProgress?.(done, total),
  });
  const first = runs[0]!.runs;
  const timing: TimingEnvironment = { pictures: first.length, threads, machine };
  const arms = runs.map(({ variant, runs }) => ({
    name: variant.name,
    secondsPerImage: quartilesOf(runs.map(({ seconds }) => seconds)),
    speedup: quartilesOf(runs.map(({ seconds }, i) => first[i]!.seconds / seconds)),
  }));
  await writeJson(path, { key, timing: { ...timing, arms } } satisfies KeptTiming);
  return { ...timing, variants: arms };
}

interface KeptTiming {
  readonly key: string;
  readonly timing: TimingEnvironment & { readonly arms: Timing['variants'] };
}
