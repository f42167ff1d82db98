import type { ImageRgb } from '@tessera/core';
import { type Quartiles, quartilesOf } from '@tessera/evaluate';
import type { VariantRuns } from '@tessera/evaluation-report';
import { contactSheet, shortName, textTable } from '@tessera/evaluation-report/display';
import { type ModelInUse, thisMachine } from '@tessera/evaluation-report/environment';
import { stepsText } from '@tessera/format';

/** One line of a comparison. */
export interface VariantSummary {
  readonly name: string;
  /** Steps and diffusion steps, in words. */
  readonly pace: string;
  /** Of a picture; all pictures of a policy take the same steps, so these are of the first one. */
  readonly steps: number;
  readonly transformerPasses: number;
  readonly headEvaluations: number;
  /** A picture's time, with its quartiles. */
  readonly seconds: Quartiles;
  /** Medians of a picture's time inside the graphs. */
  readonly transformerSeconds: number;
  readonly headSeconds: number;
  readonly decoderSeconds: number;
  /** How many times as fast as the first variant: median of the pictures' own ratios. */
  readonly ratio: number;
}

export function summarize(compared: readonly VariantRuns[]): VariantSummary[] {
  const first = compared[0]!.runs;
  return compared.map(({ variant, runs }) => ({
    name: variant.name,
    pace: stepsText(variant.sampling.policy),
    steps: runs[0]!.steps,
    transformerPasses: runs[0]!.transformerPasses,
    headEvaluations: runs[0]!.headEvaluations,
    seconds: quartilesOf(runs.map(({ seconds }) => seconds)),
    transformerSeconds: quartilesOf(runs.map((run) => run.transformerSeconds)).median,
    headSeconds: quartilesOf(runs.map((run) => run.headSeconds)).median,
    decoderSeconds: quartilesOf(runs.map((run) => run.decoderSeconds)).median,
    ratio: quartilesOf(runs.map(({ seconds }, i) => first[i]!.seconds / seconds)).median,
  }));
}

/** Columns that a narrow terminal does without, the first to go first. report.json has them all. */
const DISPENSABLE = ['quartiles', 'transformer', 'head', 'head evals', 'passes'];

/** The summaries as lines of text of at most `width` characters, where they can be. */
export function summaryTable(
  summaries: readonly VariantSummary[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const columns: Record<string, (each: VariantSummary) => string> = {
    policy: ({ name }) => name,
    steps: ({ steps }) => `${steps}`,
    passes: ({ transformerPasses }) => `${transformerPasses}`,
    'head evals': ({ headEvaluations }) => headEvaluations.toLocaleString('en'),
    's/image': ({ seconds: { median } }) => seconds(median),
    quartiles: ({ seconds: { lower, upper } }) => `${seconds(lower)}-${seconds(upper)}`,
    transformer: ({ transformerSeconds }) => seconds(transformerSeconds),
    head: ({ headSeconds }) => seconds(headSeconds),
    ratio: ({ ratio }) => `${ratio.toFixed(2)}×`,
  };
  for (let dropped = 0; ; dropped++) {
    const names = Object.keys(columns).filter((name) => !DISPENSABLE.slice(0, dropped).includes(name));
    const rows = summaries.map((each) => names.map((name) => columns[name]!(each)));
    const lines = textTable(
      [names, ...rows],
      names.map((name) => name !== 'policy'),
    );
    if (dropped === DISPENSABLE.length || lines.every((line) => line.length <= width)) return lines;
  }
}

/** A row a variant, a column a picture. */
export function summarySheet(
  compared: readonly VariantRuns[],
  summaries: readonly VariantSummary[],
  { title, scale, names }: { title: string; scale: number; names?: readonly string[] },
): ImageRgb {
  const rows = compared.map(({ variant, runs }, i) => {
    const { pace, seconds: time, ratio } = summaries[i]!;
    const speed = i === 0 ? '' : `${ratio.toFixed(1)}× as fast`;
    return {
      label: [names?.[i] ?? variant.name, pace, `${seconds(time.median)} s/image`, speed].filter(
        (line) => line,
      ),
      cells: runs.map(({ image }) => ({ image })),
    };
  });
  const columns = compared[0]!.runs.map(({ picture }) => shortName(picture));
  return contactSheet({ title, columns, rows, scale });
}

/** Everything measured, as plain data. */
export function comparisonDocument(
  used: ModelInUse,
  seed: number,
  compared: readonly VariantRuns[],
  summaries: readonly VariantSummary[],
) {
  return {
    format: 'tessera-comparison',
    version: 1,
    model: used.identity,
    seed,
    made: {
      ...used.made,
      threads: used.model.threads,
      ...thisMachine(),
    },
    policies: summaries.map((summary, i) => ({
      ...summary,
      sampling: compared[i]!.variant.sampling,
      pictures: compared[i]!.runs.map(({ image: _, picture, ...times }) => ({
        index: picture.index,
        ...('prompt' in picture ? { prompt: picture.prompt } : { class: picture.className }),
        ...times,
      })),
    })),
  };
}

function seconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
