import type { Voice } from '../command-context.js';
import { type Style, table } from '../terminal.js';
import type { ArmLines } from './arm-lines.js';
import { mixtureNote, threadsText } from './drawn-with.js';
import { type EvaluationDocument, isTimed } from './evaluation-document.js';
import { changesNote, findingsOf, marginNote } from './findings.js';
import { floorsLine, reportTable } from './report-table.js';

/** Says a report as a table and sentences, for a terminal. */
export function sayReport(
  voice: Pick<Voice, 'say'>,
  document: EvaluationDocument,
  { common }: Pick<ArmLines, 'common'>,
  { bold, dim }: Style,
): void {
  const timed = isTimed(document);
  const { head, rows, alignRight } = reportTable(document, { timed });
  const [first, ...others] = table([head, ...rows], alignRight);
  voice.say(dim(`${drawnLine(document)}. ${common}`));
  voice.say();
  voice.say(bold(first!));
  for (const line of others) voice.say(line);
  voice.say();
  voice.say(floorsLine(document));
  if (!timed) {
    voice.say('Not all policies were drawn in the same sittings: their times are not to be compared.');
  }
  for (const note of [marginNote(document), changesNote(document), mixtureNote(document.made)])
    if (note) voice.say(note);
  voice.say();
  for (const finding of findingsOf(document, { timed })) voice.say(finding);
  if (document.comparisons.length > 0) voice.say();
}

/** `tessera-tiny on cpu, 2 threads, weights in fp16; 1200 pictures each, seed 1`. */
function drawnLine({ model, made, n, seed }: EvaluationDocument): string {
  const threads = made.device === 'cpu' ? `, ${threadsText(made)}` : '';
  return `${model.name} on ${made.device}${threads}, weights in ${made.dtype}; ${n} pictures each, seed ${seed}`;
}
