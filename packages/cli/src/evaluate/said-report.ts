import type { Voice } from '../command-context.js';
import { type OutputStream, type Style, table } from '../terminal.js';
import type { ArmLines } from './arm-lines.js';
import { mixtureNote, threadsText } from './drawn-with.js';
import { type EvaluationDocument, isTimed } from './evaluation-document.js';
import { changesNote, fewPicturesNote, findingsOf, marginNote } from './findings.js';
import { floorsLine, type ReportTable, reportTable } from './report-table.js';

/** Columns of the first of two tables, which stand for one that is too wide. */
const FIRST_COLUMNS = ['arm', 's/image', 'speed', 'Fréchet', 'verdict'];

/** Says a report as a table, or two where a terminal is too narrow for one, and sentences. */
export function sayReport(
  voice: Pick<Voice, 'say'>,
  document: EvaluationDocument,
  { common }: Pick<ArmLines, 'common'>,
  { style: { bold, dim }, columns }: { readonly style: Style } & Pick<OutputStream, 'columns'>,
): void {
  const timed = isTimed(document);
  voice.say(dim(`${drawnLine(document)}. ${common}`));
  voice.say();
  for (const [first, ...others] of tablesOf(reportTable(document, { timed }), columns)) {
    voice.say(bold(first!));
    for (const line of others) voice.say(line);
    voice.say();
  }
  voice.say(floorsLine(document));
  if (!timed) {
    voice.say('Not all policies were drawn in the same sittings: their times are not to be compared.');
  }
  for (const note of [
    fewPicturesNote(document),
    marginNote(document),
    changesNote(document),
    mixtureNote(document.made),
  ])
    if (note) voice.say(note);
  voice.say();
  for (const finding of findingsOf(document, { timed })) voice.say(finding);
  if (document.comparisons.length > 0) voice.say();
}

/** A table's lines, or those of two tables where they are longer than `most`. */
function tablesOf({ head, rows, alignRight }: ReportTable, most = Number.POSITIVE_INFINITY): string[][] {
  const whole = table([head, ...rows], alignRight);
  if (whole.every((line) => line.length <= most)) return [whole];
  const isFirst = (_: unknown, column: number): boolean => FIRST_COLUMNS.includes(head[column]!);
  const isSecond = (_: unknown, column: number): boolean => column === 0 || !isFirst(_, column);
  return [isFirst, isSecond].map((isIn) =>
    table(
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
