import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { STUDIES } from './studies/index.js';
import type { Study } from './study.js';

export interface Options {
  readonly studies: readonly Study[];
  /** Pictures an arm. */
  readonly n: number;
  /** A model folder. @default the embedded model */
  readonly model?: string;
  readonly seed: number;
  readonly batch: number;
  /** Processes that draw. */
  readonly workers: number;
  /** Of each process that draws. @default 1, or all for a single process */
  readonly threads?: number;
}

export const HELP = `npm run evidence -- STUDY… [options]

Draws what a study lacks, measures, and writes docs/evidence/STUDY.md, .json, .svg and .png.

${STUDIES.map(({ id, title, arms }) => `  ${id.padEnd(10)} ${title} (${arms.length} arms)`).join('\n')}
  all        every one of them, in this order

  --n N        pictures an arm (1200)
  --model DIR  a model folder (the embedded model)
  --seed N     (1)
  --batch N    pictures drawn at once (4)
  --workers N  processes that draw, each an arm (as many as the CPU has cores)
  --threads N  of each process (1, or all for one worker)

Stop it at any time; the same command goes on. What is drawn is kept in .cache/evidence and shared by all studies.
`;

/** @returns undefined where help is asked for */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      n: { type: 'string', default: '1200' },
      model: { type: 'string' },
      seed: { type: 'string', default: '1' },
      batch: { type: 'string', default: '4' },
      workers: { type: 'string', default: String(availableParallelism()) },
      threads: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help || positionals.length === 0) return undefined;
  const { model, threads } = values;
  return {
    studies: positionals.includes('all') ? STUDIES : positionals.map(studyNamed),
    n: whole('n', values.n, 2),
    seed: whole('seed', values.seed, 0),
    batch: whole('batch', values.batch, 1),
    workers: whole('workers', values.workers, 1),
    ...(model === undefined ? {} : { model }),
    ...(threads === undefined ? {} : { threads: whole('threads', threads, 1) }),
  };
}

function studyNamed(id: string): Study {
  const study = STUDIES.find((each) => each.id === id);
  if (!study) {
    throw new Error(
      `There is no study "${id}". There are: ${STUDIES.map((each) => each.id).join(', ')}, all.`,
    );
  }
  return study;
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least)
    throw new Error(`--${name} takes an integer from ${least}, not "${text}".`);
  return value;
}
