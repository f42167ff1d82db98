import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { signed, textTable } from '@tessera/evaluation-report/display';
import { STORAGE_TYPES, type StorageType } from '@tessera/format';
import { openBenchModel } from './bench-model.js';
import type { Estimate } from './estimate.js';
import { inProcess } from './in-process.js';
import type { Measurement } from './measure.js';
import { count } from './options.js';
import { RANDOM_MODELS } from './random-checkpoint.js';
import { relativeError } from './relative-error.js';
import { describeMachine, machineLine } from './report.js';
import { VARIANT_NAMES, variantsNamed } from './variants.js';

/** A drawing that reuses can't be estimated from single steps. */
const NAMES = VARIANT_NAMES.filter((name) => !variantsNamed([name])[0]!.reuse);
const POLICIES = ['mar-64x100', 'gtr-32+fts', 'gtr-16+fts', 'gtr-gradual'];

const HELP = `Usage: npm run bench -- table [options]

How fast, large and exact models of random weights are in each type of weights. Each cell is measured in a process of
its own, without a warm-up: some steps spread over the drawing, and the whole drawing where these tell that it takes no
longer than --limit. What is estimated from steps alone has a ≈. The error is that of z and of tokens from fixed inputs,
in root mean squares, against fp32. What is measured is kept, and printed together.

  --models LIST     of ${Object.keys(RANDOM_MODELS).join(', ')}   [all]
  --dtypes LIST     of ${STORAGE_TYPES.join(', ')}   [fp32,fp16,int8]
  --batches LIST    images at once   [1,4,16]
  --policies LIST   of ${NAMES.join(', ')}
                    [${POLICIES.join(',')}]
  --threads N       [all cores]
  --part S          seconds of steps that an estimate is made from; one step at least   [20]
  --limit S         seconds that a drawing may take   [60]
  --print           measures nothing: prints what was measured before`;

/** What one process measured. Times in milliseconds, memory in bytes. */
export interface Cell {
  readonly estimated: Estimate;
  /** Absent where it would have taken too long. */
  readonly measured?: Measurement;
  readonly loading: number;
  readonly peakMemory: number;
}

interface Sample {
  readonly z: readonly number[];
  readonly tokens: readonly number[];
}

const HEADING = [
  'model',
  'dtype',
  'policy',
  'batch',
  's',
  's/image',
  'transformer',
  'head',
  'steps run',
  'loading',
  'peak MiB',
];

/**
 * Prints the table of speed, memory and error.
 *
 * @param given the command line after `table`
 */
export async function speedTable(given: readonly string[], cacheFolder: string): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{
        models: text,
        dtypes: text,
        batches: text,
        policies: text,
        threads: text,
        part: text,
        limit: text,
      },
      ...{ print: flag, help: { ...flag, short: 'h' } },
    },
  });
  if (values.help) return console.log(HELP);
  const models = chosen('models', Object.keys(RANDOM_MODELS), values.models);
  const dtypes = chosen<StorageType>('dtypes', STORAGE_TYPES, values.dtypes ?? 'fp32,fp16,int8');
  const batches = (values.batches ?? '1,4,16').split(',').map((each) => String(count('batches', each)));
  const policies = chosen('policies', NAMES, values.policies ?? POLICIES.join());
  const threads = String(count('threads', values.threads ?? String(availableParallelism())));
  const limits = [String(count('part', values.part ?? '20')), String(count('limit', values.limit ?? '60'))];
  const results = join(cacheFolder, 'results');
  await mkdir(results, { recursive: true });
  /** What was measured, or, with --print, what was measured before. */
  const kept = async <T>(name: string, measured: () => Promise<T>): Promise<T | undefined> => {
    const path = join(results, `table-${name}.json`);
    if (values.print) {
      const stored = await readFile(path, 'utf8').catch(() => undefined);
      return stored === undefined ? undefined : (JSON.parse(stored) as T);
    }
    const result = await measured();
    await writeFile(path, JSON.stringify(result));
    return result;
  };

  console.log(machineLine(describeMachine()));
  const rows = [HEADING];
  const errors = [['model', 'dtype', 'z', 'tokens']];
  const misses: number[] = [];
  for (const model of models) {
    let exact: Sample | undefined;
    for (const dtype of dtypes) {
      const folder = values.print ? '' : (await openBenchModel(model, cacheFolder, { dtype })).folder;
      const sample = await kept(`${model}-${dtype}-sample`, () =>
        inProcess<Sample>('table-cell', [folder, '', '1', threads]),
      );
      if (dtype === 'fp32') exact = sample;
      else if (exact && sample) {
        const of = (part: keyof Sample): string => relativeError(exact![part], sample[part]);
        errors.push([model, dtype, of('z'), of('tokens')]);
      }
      for (const policy of policies) {
        for (const batch of batches) {
          const cell = await kept(`${model}-${dtype}-${policy}-${batch}-${threads}`, () =>
            inProcess<Cell>('table-cell', [folder, policy, batch, threads, ...limits]),
          );
          if (!cell) continue;
          const row = [model, dtype, policy, batch, ...figures(cell, Number(batch))];
          if (!values.print) console.error(`bench: ${row.join('  ')}`);
          rows.push(row);
          if (cell.measured) misses.push(cell.estimated.wall / cell.measured.wall - 1);
        }
      }
    }
  }
  const right = HEADING.map((_, column) => column > 2);
  console.log(`\n${textTable(rows, right).join('\n')}`);
  if (misses.length > 0) console.log(`\n${missesText(misses)}`);
  if (errors.length > 1) {
    console.log(`\nError against fp32:\n\n${textTable(errors, [false, false, true, true]).join('\n')}`);
  }
}

function chosen<Name extends string>(option: string, all: readonly Name[], value = all.join()): Name[] {
  return value.split(',').map((each) => {
    const known = all.find((name) => name === each);
    if (known === undefined) throw new Error(`--${option} ${each}: there are ${all.join(', ')}.`);
    return known;
  });
}

function figures({ estimated, measured, loading, peakMemory }: Cell, batch: number): string[] {
  const { wall, transformer, head } = measured ?? estimated;
  const mark = measured ? '' : '≈ ';
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
  const { stepsRun, steps } = estimated;
  return [
    ...[wall, wall / batch, transformer, head].map((time) => `${mark}${seconds(time)}`),
    measured ? 'all' : `${stepsRun} of ${steps}`,
    seconds(loading),
    (peakMemory / 2 ** 20).toFixed(0),
  ];
}

/** How far estimates were off where the whole was drawn too. */
function missesText(misses: readonly number[]): string {
  const sorted = [...misses].sort((a, b) => a - b);
  const percent = (index: number): string => `${signed(100 * sorted[index]!, 0)} %`;
  const [least, most] = [percent(0), percent(sorted.length - 1)];
  const off = least === most ? least : `${least} to ${most}, ${percent(sorted.length >> 1)} in the median`;
  return `≈ is estimated from some of the steps. Where the whole was drawn too (${misses.length}), the estimate was off by ${off}.`;
}
