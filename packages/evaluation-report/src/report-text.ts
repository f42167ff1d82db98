import { textTable } from './display/text-table.js';
import { threadsText } from './environment.js';
import { type EvaluationDocument, isTimed } from './evaluation-document.js';
import { findingsOf, notesOf } from './findings.js';
import {
  baselinesText,
  hasOwnBaselines,
  type ReportTable,
  reportTable,
  SKILL_NOTE,
  skillTable,
} from './report-table.js';
import { variantLines } from './variant-lines.js';

/** Columns of the first of two tables, which stand for one that is too wide. */
const FIRST_COLUMNS = ['variant', 's/image', 'speed', 'Fréchet', 'score', 'verdict'];

export interface ReportTextOptions {
  /** Columns of the terminal. @default as many as the table takes */
  readonly columns?: number | undefined;
  /** @default no emphasis */
  readonly bold?: (text: string) => string;
  readonly dim?: (text: string) => string;
}

/** A report in lines for a terminal: a table, or two where the terminal is too narrow for one, and sentences. */
export function reportText(document: EvaluationDocument, options: ReportTextOptions = {}): string[] {
  const { columns, bold = (text) => text, dim = (text) => text } = options;
  const timed = isTimed(document);
  const tables = tablesOf(reportTable(document, { timed }), columns);
  return [
    dim(`${drawnLine(document)}. ${variantLines(document).common}`),
    '',
    ...tables.flatMap(([head, ...rows]) => [bold(head!), ...rows, '']),
    ...skillLines(document, options),
    baselinesLine(document),
    ...(timed
      ? []
      : ['Not all policies were drawn in the same sessions: their times are not to be compared.']),
    ...notesOf(document),
    '',
    ...findingsOf(document, { timed }),
  ];
}

function skillLines(
  document: EvaluationDocument,
  { columns, bold = (text) => text }: ReportTextOptions,
): string[] {
  const table = skillTable(document);
  if (!table) return [];
  const whole = textTable([table.head, ...table.rows], table.alignRight);
  const fits = columns === undefined || whole.every(({ length }) => length <= columns);
  // A skill a row where the terminal is narrow.
  const turned = table.head.map((_, column) => [table.head, ...table.rows].map((row) => row[column]!));
  const [first, ...others] = fits ? whole : textTable(turned, [false, ...table.rows.map(() => true)]);
  return [bold(first!), ...others, SKILL_NOTE, ''];
}

/** What real pictures score against real ones. */
export function baselinesLine(document: EvaluationDocument): string {
  const { n, floors } = document;
  const few = ` There are too few real ones for a floor at ${n}, which would be lower.`;
  return `Real pictures against real ones: ${baselinesText(floors)} (${floors.splits} splits of ${floors.count}).${hasOwnBaselines(document) ? '' : few}`;
}

/** A table's lines, or those of two tables where they are longer than `most`. */
function tablesOf({ head, rows, alignRight }: ReportTable, most = Number.POSITIVE_INFINITY): string[][] {
  const whole = textTable([head, ...rows], alignRight);
  if (whole.every((line) => line.length <= most)) return [whole];
  const isFirst = (_: unknown, column: number): boolean => FIRST_COLUMNS.includes(head[column]!);
  const isSecond = (_: unknown, column: number): boolean => column === 0 || !isFirst(_, column);
  return [isFirst, isSecond].map((isIn) =>
    textTable(
      [head, ...rows].map((row) => row.filter(isIn)),
      alignRight.filter(isIn),
    ),
  );
}

/** `tessera-tiny on cpu, 2 threads, weights in fp16; 1200 pictures each, seed 1`. */
function drawnLine({ model, made, n, seed }: EvaluationDocument): string {
  const threads = made.device === 'cpu' ? `, ${threadsText(made)}` : '';
  return `${model.name} on ${made.device}${threads}, weights in ${made.dtype}; ${n} pictures each, seed ${seed}`;
}
