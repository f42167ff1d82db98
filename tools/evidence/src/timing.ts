import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Quartiles, quartilesOf } from '@tessera/evaluate';
import { compare, type TimingSetUp, type Variant } from '@tessera/evaluation-report';
import { type Machine, type ModelInUse, thisMachine } from '@tessera/evaluation-report/environment';
import { writeJson } from '@tessera/evaluation-report/files';
import { jsonHash, picturesOf } from '@tessera/format';

/** How long a variant's pictures take, one at a time. */
export interface VariantTiming {
  readonly name: string;
  readonly secondsPerImage: Quartiles;
  /** How many times as fast as the first variant, of the same pictures. */
  readonly speedup: Quartiles;
}

export interface Timing extends TimingSetUp {
  readonly arms: readonly VariantTiming[];
}

export interface TimingOptions {
  readonly used: ModelInUse;
  readonly arms: readonly Variant[];
  readonly seed: number;
  /** Pictures of each class. */
  readonly rounds: number;
  /** Where the times are kept, so that they are taken once. */
  readonly path: string;
  /** @default this one */
  readonly machine?: Machine;
  readonly signal: AbortSignal;
  onProgress?(done: number, total: number): void;
}

/** Times variants against each other in one run, or reads what an earlier run has found for the same variants on such a machine. */
export async function timeVariants({
  used,
  arms,
  seed,
  rounds,
  path,
  machine = thisMachine(),
  signal,
  onProgress,
}: TimingOptions): Promise<Timing> {
  const { model } = used;
  const key = await jsonHash({
    arms,
    rounds,
    seed,
    made: used.made,
    threads: model.threads,
    machine,
    model: used.identity.sha256,
  });
  if (existsSync(path)) {
    const kept = JSON.parse(await readFile(path, 'utf8')) as {
      readonly key: string;
      readonly timing: Timing;
    };
    if (kept.key === key) return kept.timing;
  }
  const classes = model.manifest.condition;
  const labels = Array.from({ length: classes.count }, (_, label) => label);
  const compared = await compare({
    model,
    variants: arms,
    seed,
    pictures: picturesOf(classes, labels, rounds),
    signal,
    onPicture: ({ done, total }) => onProgress?.(done, total),
  });
  const first = compared[0]!.runs;
  const timing: Timing = {
    pictures: first.length,
    threads: model.threads,
    machine,
    arms: compared.map(({ variant, runs: trials }) => ({
      name: variant.name,
      secondsPerImage: quartilesOf(trials.map(({ seconds }) => seconds)),
      speedup: quartilesOf(trials.map(({ seconds }, i) => first[i]!.seconds / seconds)),
    })),
  };
  await writeJson(path, { key, timing });
  return timing;
}
