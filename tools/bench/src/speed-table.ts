import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { textTable } from '@tessera/evaluation-report/display';
import { STORAGE_TYPES, type StorageType } from '@tessera/format';
import { openBenchModel } from './bench-model.js';
import { inProcess } from './in-process.js';
import type { Measurement } from './measure.js';
import { RANDOM_MODELS } from './random-checkpoint.js';
import { relativeError } from './relative-error.js';
import { describeMachine, machineLine } from './report.js';
import { VARIANT_NAMES, variantsNamed } from './variants.js';

const HELP = `Usage: npm run bench -- table [options]

How fast, large and exact models of random weights are in each type of weights. Every cell is one drawing without a
warm-up, in a process of its own: nothing is extrapolated. The error is that of z and of tokens from fixed inputs, in
root mean squares, against fp32.

  --models LIST     of ${Object.keys(RANDOM_MODELS).join(', ')}   [all]
  --dtypes LIST     of ${STORAGE_TYPES.join(', ')}   [fp32,fp16,int8]
  --batches LIST    images at once   [1,4,16]
  --policies LIST   of ${VARIANT_NAMES.join(', ')}
                    [mar-64x100,gtr-32+fts,gtr-16+fts,gtr-gradual]
  --threads N       [all cores]
  --limit S         a cell that takes longer is stopped, and says so   [1800]`;

interface Cell extends Measurement {
  /** Milliseconds. */
  readonly loading: number;
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
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ models: text, dtypes: text, batches: text, policies: text, threads: text, limit: text },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const list = (
    name: 'models' | 'dtypes' | 'batches',
    all: readonly string[],
    value = all.join(),
  ): string[] => {
    const chosen = value.split(',');
    const unknown = chosen.find((each) => !all.includes(each));
    if (unknown !== undefined && name !== 'batches') {
      throw new Error(`--${name} ${unknown}: there are ${all.join(', ')}.`);
    }
    return chosen;
  };
  const models = list('models', Object.keys(RANDOM_MODELS), values.models);
  const dtypes = list('dtypes', STORAGE_TYPES, values.dtypes ?? 'fp32,fp16,int8') as StorageType[];
  const batches = list('batches', ['1', '4', '16'], values.batches);
  const policies = values.policies?.split(',') ?? ['mar-64x100', 'gtr-32+fts', 'gtr-16+fts', 'gtr-gradual'];
  variantsNamed(policies);
  const threads = values.threads ?? String(availableParallelism());
  const limit = Number(values.limit ?? 1800);

  console.log(machineLine(describeMachine()));
  const rows = [HEADING];
  const errors = [['model', 'dtype', 'z', 'tokens']];
  for (const source of models) {
    let exact: Sample | undefined;
    for (const dtype of dtypes) {
      const { folder } = await openBenchModel(source, cacheFolder, { dtype });
      const sample = await inProcess<Sample>('table-cell', [folder, '', '1', threads], limit);
      if (dtype === 'fp32') exact = sample;
      if (exact && sample && dtype !== 'fp32') {
        errors.push([
          source,
          dtype,
          relativeError(exact.z, sample.z),
          relativeError(exact.tokens, sample.tokens),
        ]);
      }
      for (const policy of policies) {
        for (const batch of batches) {
          const cell = await inProcess<Cell>('table-cell', [folder, policy, batch, threads], limit);
          const row = [source, dtype, policy, batch, ...figures(cell, Number(batch), limit)];
          console.error(`bench: ${row.join('  ')}`);
          rows.push(row);
        }
      }
    }
  }
  console.log(
    `\n${textTable(
      rows,
      rows[0]!.map((_, column) => column > 2),
    ).join('\n')}`,
  );
  if (errors.length > 1) {
    console.log(`\nError against fp32:\n\n${textTable(errors, [false, false, true, true]).join('\n')}`);
  }
}

interface Sample {
  readonly z: readonly number[];
  readonly tokens: readonly number[];
}

function figures(cell: Cell | undefined, batch: number, limit: number): string[] {
  if (!cell) return [`> ${limit}`, ...new Array<string>(HEADING.length - 5).fill('–')];
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
  const { wall, transformer, head, loading, peakMemory } = cell;
  return [
    ...[wall, wall / batch, transformer, head, loading].map(seconds),
    (peakMemory / 2 ** 20).toFixed(0),
  ];
}
