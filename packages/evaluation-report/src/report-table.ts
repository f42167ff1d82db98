import {
  baselineExcess,
  type Estimate,
  type EvaluationReport,
  overallVerdict,
  type VariantReport,
  type Verdict,
} from '@tessera/evaluate';
import {
  decimalsOf,
  percent,
  plain,
  secondsText,
  timesText,
  withDeviation,
  withInterval,
} from './display/number-text.js';

/** A report's variants as a table of texts. */
export interface ReportTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Which columns hold numbers. */
  readonly alignRight: readonly boolean[];
}

/** How a variant stands against the first one, see `overallVerdict`; nothing for the first itself. */
export function verdictAgainstFirst(
  { arms, comparisons }: EvaluationReport,
  arm: string,
): Verdict | undefined {
  return overallVerdict(comparisons.filter((each) => each.arm === arm && each.against === arms[0]?.name));
}

/** How a variant's time is written where it is not to be compared with the others'. */
export const UNTIMED = '–';

/** The head of the column of {@link askedShare}. */
export function askedHead({ skills }: Pick<EvaluationReport, 'skills'>): string {
  return skills ? 'score' : 'class';
}

/** Share of a variant's pictures that show what was asked for: the class, or what the prompt says. */
export function askedShare({ metrics }: Pick<VariantReport, 'metrics'>): string {
  return percent(metrics.prompts?.score.value ?? metrics.classAccuracy);
}

/** Scores by skill, a row a variant; undefined where no prompts were scored. */
export function skillTable({ skills = [], arms, confidence }: EvaluationReport): ReportTable | undefined {
  const scored = arms.flatMap(({ name, metrics: { prompts } }) => (prompts ? [{ name, prompts }] : []));
  if (scored.length === 0) return undefined;
  const share = ({ value, low, high }: Estimate): string =>
    `${percent(value)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  return {
    head: ['variant', `overall, ${percent(confidence, 0)} interval`, ...skills, 'seen', 'held out'],
    rows: scored.map(({ name, prompts }) => [
      name,
      share(prompts.score),
      ...skills.map((skill) => percent(prompts.skills[skill] ?? null)),
      percent(prompts.seen),
      percent(prompts.heldOut),
    ]),
    alignRight: [false, ...Array.from({ length: skills.length + 3 }, () => true)],
  };
}

/** What the last two columns of {@link skillTable} are. */
export const SKILL_NOTE =
  'Scores are shares of pictures that show all that the prompt asks for, as the network finds it. Seen and held out: prompts whose combination the model’s training showed, and others, of the skills that have both.';

/**
 * A row a variant: time, quality, and the verdict against the first.
 *
 * @param options.timed whether the variants' times can be compared; a dash stands for them where not
 */
export function reportTable(report: EvaluationReport, { timed }: { readonly timed: boolean }): ReportTable {
  const { arms } = report;
  const frechetDecimals = decimalsOf(arms.map(({ metrics }) => metrics.frechet));
  const kidDecimals = decimalsOf(arms.map(({ metrics }) => metrics.kid));
  const columns: readonly (readonly [head: string, cell: (arm: VariantReport) => string])[] = [
    ['s/image', ({ secondsPerImage }) => (timed ? secondsText(secondsPerImage.median) : UNTIMED)],
    ['speed', ({ speedup }) => (timed ? timesText(speedup.median) : UNTIMED)],
    ['Fréchet', ({ metrics }) => withInterval(metrics.frechet, frechetDecimals)],
    ['KID', ({ metrics }) => plain(metrics.kid.value, kidDecimals)],
    ['precision', ({ metrics }) => percent(metrics.precision)],
    ['recall', ({ metrics }) => percent(metrics.recall)],
    [askedHead(report), askedShare],
    ['diversity', ({ metrics }) => percent(metrics.diversity, 0)],
  ];
  return {
    head: ['variant', ...columns.map(([head]) => head), 'verdict'],
    rows: arms.map((arm) => [
      arm.name,
      ...columns.map(([, cell]) => cell(arm)),
      verdictAgainstFirst(report, arm.name) ?? '',
    ]),
    alignRight: [false, ...columns.map(() => true), false],
  };
}

/**
 * Whether the floors are those of as many pictures as the variants have: a Fréchet distance grows as pictures get fewer, so an
 * variant's is not to be held against a floor of fewer.
 */
export function hasOwnBaselines({ n, floors }: EvaluationReport): boolean {
  return floors.count === n;
}

/** By what share the floor in Fréchet distance is too high, e.g. `4 %`. */
export function baselineExcessText({ floors, reference }: EvaluationReport): string {
  return percent(baselineExcess(floors.count, reference.count), 0);
}

/** `Fréchet distance 1.02 ± 0.05, KID 0.1 ± 0.2, precision 89.0 %, recall 90.0 %`. */
export function baselinesText({ frechet, kid, precision, recall }: EvaluationReport['floors']): string {
  return (
    `Fréchet distance ${withDeviation(frechet)}, KID ${withDeviation(kid)}, ` +
    `precision ${percent(precision.mean)}, recall ${percent(recall.mean)}`
  );
}
