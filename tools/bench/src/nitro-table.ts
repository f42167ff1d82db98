import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '@tessera/evaluation-report/display';
import { parseSpec, STORAGE_TYPES } from '@tessera/format';
import { inProcess } from './in-process.js';
import { NITRO_MODELS } from './nitro-model.js';
import { count } from './options.js';
import { relativeError } from './relative-error.js';
import { describeMachine, machineLine } from './report.js';

/** The ways to draw that are compared, the published one first. */
const SPECS: Readonly<Record<string, string>> = {
  '20 × 3': 'mar:20x3',
  'GtR 12 + 3 + 1': 'gtr-16/diffusion-steps=3/fts=off',
  'GtR 8 + 3 + 1': 'gtr-16/steps=8+3+1/diffusion-steps=3/fts=off',
  'GtR gradual, 20 steps': 'gtr-gradual/steps=2+2+3+3+4+4+2/diffusion-steps=3',
  '20 × 3, guided below 0.7 masked': 'mar:20x3/guidance=interval:4:0-0.7',
  '20 × 3, guidance residual': 'mar:20x3/lazy=3+3/lazy-parts=guidance',
};

const JOINT_SPECS: Readonly<Record<string, string>> = { '1 × 6': 'mar:1x6' };

const HELP = `Usage: npm run bench -- nitro [options]

Seconds, peak memory and error of a model of Nitro-AR's sizes with random weights, for some ways to draw a picture of
512×512 pixels and each type of weights. A type's drawings are interleaved in a process of their own; figures are
medians with the least and the most. What is measured is kept, and printed together.

  --model NAME    of ${Object.keys(NITRO_MODELS).join(', ')}   [nitro-ar]
  --dtypes LIST   of ${STORAGE_TYPES.join(', ')}   [fp32,fp16,int8]
  --ways N        how many of the ways to draw, the published one first   [all]
  --rounds N      drawings by each   [3]
  --threads N     [all cores]
  --print         measures nothing: prints what was measured before`;

/** One drawing, without its picture. Times in milliseconds. */
export interface NitroRun {
  readonly spec: string;
  readonly wall: number;
  readonly transformer: number;
  readonly steps: number;
  /** Rows of the transformer. */
  readonly passes: number;
}

/** What was measured of one type of weights. Times in milliseconds, memory in bytes. */
export interface NitroCell {
  readonly loading: number;
  readonly runs: readonly NitroRun[];
  readonly decoding: readonly number[];
  /** The process's largest resident memory after drawing, and after decoding. */
  readonly memory: { readonly drawing: number; readonly decoding: number };
  readonly sample: { readonly [part in 'z' | 'tokens' | 'pixels']: readonly number[] };
}

/**
 * Prints the table of Nitro-AR.
 *
 * @param given the command line after `nitro`
 */
export async function nitroTable(given: readonly string[], cacheFolder: string): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ model: text, dtypes: text, rounds: text, ways: text, threads: text, print: flag },
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const model = values.model ?? 'nitro-ar';
  if (!NITRO_MODELS[model])
    throw new Error(`--model ${model}: there are ${Object.keys(NITRO_MODELS).join(', ')}.`);
  const dtypes = values.dtypes?.split(',') ?? ['fp32', 'fp16', 'int8'];
  const unknown = dtypes.find((dtype) => !STORAGE_TYPES.some((known) => known === dtype));
  if (unknown !== undefined) throw new Error(`--dtypes ${unknown}: there are ${STORAGE_TYPES.join(', ')}.`);
  const rounds = String(count('rounds', values.rounds ?? '3'));
  const threads = String(count('threads', values.threads ?? String(availableParallelism())));
  const specs = model === 'nitro-ar' ? SPECS : JOINT_SPECS;
  const chosen = Object.values(specs).slice(0, count('ways', values.ways ?? '99'));
  for (const spec of chosen) parseSpec(spec);
  const resultOf = (dtype: string): string => join(cacheFolder, 'results', `${model}-${dtype}.json`);
  await mkdir(join(cacheFolder, 'results'), { recursive: true });

  console.log(machineLine(describeMachine()));
  const cells: [dtype: string, cell: NitroCell][] = [];
  for (const dtype of dtypes) {
    if (!values.print) {
      // Weights are made and converted in a process whose memory doesn't count.
      const folder = await inProcess<string>('prepare-nitro', [model, cacheFolder, dtype]);
      console.error(`bench: ${model} in ${dtype}`);
      const cell = await inProcess<NitroCell>('nitro-cell', [folder, rounds, threads, ...chosen]);
      await writeFile(resultOf(dtype), JSON.stringify(cell));
    }
    const stored = await readFile(resultOf(dtype), 'utf8').catch(() => undefined);
    if (stored) cells.push([dtype, JSON.parse(stored) as NitroCell]);
  }
  const rows = [['dtype', 'drawn by', 'steps', 'rows of the transformer', 's', 'transformer', 'peak MiB']];
  for (const [dtype, { runs, decoding, memory, loading }] of cells) {
    for (const [name, spec] of Object.entries(specs)) {
      const own = runs.filter((run) => run.spec === spec);
      if (own.length === 0) continue;
      const { steps, passes } = own[0]!;
      const [wall, transformer] = [own.map((run) => run.wall), own.map((run) => run.transformer)];
      rows.push([
        dtype,
        name,
        `${steps}`,
        `${passes}`,
        seconds(wall),
        seconds(transformer),
        mebibytes(memory.drawing),
      ]);
    }
    rows.push([
      dtype,
      'the decoder, once a picture',
      '',
      '',
      seconds(decoding),
      '',
      mebibytes(memory.decoding),
    ]);
    rows.push([dtype, 'loading', '', '', seconds([loading]), '', '']);
  }
  console.log(`\n${textTable(rows, [false, false, true, true, true, true, true]).join('\n')}`);
  const exact = cells.find(([dtype]) => dtype === 'fp32')?.[1].sample;
  if (!exact) return;
  const errors = [['dtype', 'z', 'tokens', 'pixels']];
  for (const [dtype, { sample }] of cells) {
    if (dtype === 'fp32') continue;
    const parts = (['z', 'tokens', 'pixels'] as const).map((part) =>
      relativeError(exact[part], sample[part]),
    );
    errors.push([dtype, ...parts]);
  }
  console.log(`\nError against fp32:\n\n${textTable(errors, [false, true, true, true]).join('\n')}`);
}

/** The median of some times, with the least and the most. */
function seconds(milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const at = (index: number): string => (sorted[index]! / 1000).toFixed(1);
  const median = at(sorted.length >> 1);
  return sorted.length > 1 ? `${median} (${at(0)}–${at(sorted.length - 1)})` : median;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
