import { type Comparison, type EvaluationReport, isShare } from '@tessera/evaluate';
import { decimalsOf, percent, plain, timesText } from './display/number-text.js';
import { machinesText, mixtureNote } from './environment.js';
import type { EvaluationDocument } from './evaluation-document.js';

/** What the comparisons say: in Fréchet distance, in recall, and how fast each variant is beside; a line a pair. */
export function findingsOf(report: EvaluationReport, { timed }: { readonly timed: boolean }): string[] {
  const compared = report.comparisons.filter(({ metric }) => metric === 'frechet');
  const decimals = decimalsOf(compared.map(({ difference }) => difference));
  return compared.map((comparison) => {
    const verdict = verdictSentence(comparison, decimals);
    const shares = report.comparisons.filter(
      ({ metric, arm, against }) =>
        isShare(metric) && arm === comparison.arm && against === comparison.against,
    );
    return [verdict, ...shares.map(shareSentence), ...(timed ? speedSentence(report, comparison) : [])].join(
      ' ',
    );
  });
}

/** Says what weakens a report's verdicts, a sentence each. */
export function notesOf(document: EvaluationDocument): string[] {
  return [
    fewPicturesNote(document),
    marginNote(document),
    changesNote(document),
    mixtureNote(document.made),
    recordedNote(document),
  ].filter((note) => note !== undefined);
}

/** Says which pictures were not drawn here; nothing where all were. */
export function recordedNote({ made: { recorded = [] }, n }: EvaluationDocument): string | undefined {
  const parts = recorded.map(
    ({ arm, pictures, ...environment }) =>
      `${pictures} of the ${n} pictures of ${arm} come with the network: they were drawn by ${machinesText(environment)}.`,
  );
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** Says that no margin is set in Fréchet distance; nothing where one is. */
export function marginNote({ margins, comparisons }: Pick<EvaluationReport, 'margins' | 'comparisons'>) {
  if (margins.frechet !== null || comparisons.length === 0) return undefined;
  return 'No margin is set, so that no difference is small enough to be called the same. Set one by --margin, best before the first run.';
}

/** Pictures a class from which on intervals hold what they should, to a few in a hundred. */
const ENOUGH_A_CLASS = 5;

/** Says that intervals are too narrow for so few pictures a class; nothing where there are enough. */
export function fewPicturesNote({
  n,
  classes,
  skills,
}: Pick<EvaluationReport, 'n' | 'classes' | 'skills'>): string | undefined {
  const [groups, group] = skills ? ['skills', 'skill'] : ['classes', 'class'];
  const enough = ENOUGH_A_CLASS * classes;
  if (n >= enough) return undefined;
  return `${n} pictures of ${classes} ${groups} are few: intervals of Fréchet distances come out too narrow, and verdicts too sure, below ${enough}, ${ENOUGH_A_CLASS} a ${group}.`;
}

/** Says how many of the intervals miss by chance, on average; nothing of a single pair. */
export function chanceNote({
  comparisons,
  confidence,
}: Pick<EvaluationReport, 'comparisons' | 'confidence'>) {
  const { length } = comparisons;
  if (new Set(comparisons.map(({ arm, against }) => JSON.stringify([arm, against]))).size < 2)
    return undefined;
  return (
    `These are ${length} intervals, each at ${percent(confidence, 0)}: about ${plain(length * (1 - confidence), 1)} of them are ` +
    'to be expected to miss by chance alone, so a single verdict among many is weaker than it looks.'
  );
}

/** Whether a margin was set otherwise after a result was known. */
export function isMarginChanged({ changes }: Pick<EvaluationDocument, 'changes'>): boolean {
  return changes.some((change) => change.startsWith('margin '));
}

/** Says what was not set beforehand; nothing where all was. */
export function changesNote({ changes }: Pick<EvaluationDocument, 'changes'>): string | undefined {
  return changes.length === 0
    ? undefined
    : `Changed since the first evaluation in this folder, with its result known: ${changes.join('; ')}.`;
}

function verdictSentence(
  { arm, against, difference, margin, verdict }: Comparison,
  decimals: number,
): string {
  const { low, high } = difference;
  const number = (value: number): string => plain(Math.abs(value), decimals);
  const limit = margin === null ? '' : plain(margin, marginDecimals(margin, decimals));
  switch (verdict) {
    case 'better':
      return `${arm} is better than ${against}: its Fréchet distance is lower by ${number(high)} to ${number(low)}.`;
    case 'worse':
      return `${arm} is worse than ${against}: its Fréchet distance is higher by ${number(low)} to ${number(high)}.`;
    case 'same':
      return `${arm} is as good as ${against}: their Fréchet distances differ by less than the margin of ${limit}.`;
    case 'undecided':
      return `${arm} against ${against} is undecided: its Fréchet distance is between ${number(low)} lower and ${number(high)} higher${margin === null ? '' : `, and the margin is ${limit}`}.`;
  }
}

/** At least `decimals`, and more where the margin would be off by a twentieth: it may be far smaller than the differences. */
function marginDecimals(margin: number, decimals: number): number {
  const isNear = (digits: number): boolean =>
    Math.abs(Number(margin.toFixed(digits)) - margin) <= margin / 20;
  return [decimals, 1, 2, 3].find((digits) => digits >= decimals && isNear(digits)) ?? 3;
}

/** In points of a hundred. */
function shareSentence({ metric, difference: { low, high }, margin, verdict }: Comparison): string {
  const points = (value: number): string => plain(Math.abs(value) * 100, 1);
  switch (verdict) {
    case 'better':
      return `Its ${metric} is higher by ${points(low)} to ${points(high)} points.`;
    case 'worse':
      return `Its ${metric} is lower by ${points(high)} to ${points(low)} points${metric === 'recall' ? ': it lost variety' : ''}.`;
    case 'same':
      return `Its ${metric} differs by less than the margin of ${points(margin!)} points.`;
    case 'undecided':
      return `Its ${metric} is between ${points(low)} points lower and ${points(high)} higher${margin === null ? '' : `, and the margin is ${points(margin)}`}.`;
  }
}

/** Relative to the variant it is compared with; nothing where that is neither faster nor slower by a twentieth. */
function speedSentence(report: EvaluationReport, { arm, against }: Comparison): string[] {
  const speedOf = (name: string): number =>
    report.arms.find((each) => each.name === name)?.speedup.median ?? Number.NaN;
  const ratio = speedOf(arm) / speedOf(against);
  if (ratio > 1.05) return [`It is ${timesText(ratio)} as fast.`];
  return ratio < 0.95 ? [`It takes ${timesText(1 / ratio)} as long.`] : [];
}
