import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { STUDIES } from './studies/index.js';
import type { Study } from './study.js';

export interface Options {
  readonly studies: readonly Study[];
  /** Pictures a variant. */
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

/** What the recorded evidence is made with: n is the least, the others are to be just so. */
export const RECORD = { n: 1200, seed: 1, batch: 4 } as const;

/** Whether a run may be put on record in docs/evidence. Any other is a look, and lies in out/evidence. */
export function isRecord({ n, model, seed, batch }: Options): boolean {
  return model === undefined && n >= RECORD.n && seed === RECORD.seed && batch === RECORD.batch;
}

/** The command that gives a study's numbers again. */
export function commandOf({ id }: Study, { n, model, seed, batch }: Options): string {
  const options = [
    n === RECORD.n ? '' : ` --n ${n}`,
    model === undefined ? '' : ` --model ${/[^\w./-]/.test(model) ? JSON.stringify(model) : model}`,
    seed === RECORD.seed ? '' : ` --seed ${seed}`,
    batch === RECORD.batch ? '' : ` --batch ${batch}`,
  ];
  return `npm run evidence -- ${id}${options.join('')}`;
}

export const HELP = `npm run evidence -- STUDY… [options]

Draws what a study lacks, measures, and writes docs/evidence/STUDY.md, .json, .svg and .png; with fewer pictures, or another
model, seed or batch, out/evidence/looks/STUDY.md and so on.

${STUDIES.map(({ id, title, arms }) => `  ${id.padEnd(10)} ${title} (${arms.length} arms)`).join('\n')}
  all        every one of them, in this order

  --n N        pictures an arm (${RECORD.n})
  --model DIR  a model folder of the judge's classes (the embedded model)
  --seed N     (${RECORD.seed})
  --batch N    pictures drawn at once (${RECORD.batch})
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
      n: { type: 'string', default: String(RECORD.n) },
      model: { type: 'string' },
      seed: { type: 'string', default: String(RECORD.seed) },
      batch: { type: 'string', default: String(RECORD.batch) },
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
