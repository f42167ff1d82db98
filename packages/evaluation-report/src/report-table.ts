import {
  baselineExcess,
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
    ['class', ({ metrics }) => percent(metrics.classAccuracy)],
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
