import { cpus } from 'node:os';
import type { ImageRgb } from '@tessera/core';
import { type Quartiles, quartilesOf } from '@tessera/evaluate';
import type { Contest } from '@tessera/evaluation-report';
import { contactSheet, shortName, textTable } from '@tessera/evaluation-report/display';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { paceOf } from '@tessera/format';

/** One line of a comparison. */
export interface Standing {
  readonly name: string;
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
  /** How many times as fast as the first contender: median of the pictures' own ratios. */
  readonly ratio: number;
}

export function standingsOf(contests: readonly Contest[]): Standing[] {
  const first = contests[0]!.trials;
  return contests.map(({ contender, trials }) => ({
    name: contender.name,
    pace: paceOf(contender.sampling.policy),
    steps: trials[0]!.steps,
    transformerPasses: trials[0]!.transformerPasses,
    headEvaluations: trials[0]!.headEvaluations,
    seconds: quartilesOf(trials.map(({ seconds }) => seconds)),
    transformerSeconds: quartilesOf(trials.map((trial) => trial.transformerSeconds)).median,
    headSeconds: quartilesOf(trials.map((trial) => trial.headSeconds)).median,
    decoderSeconds: quartilesOf(trials.map((trial) => trial.decoderSeconds)).median,
    ratio: quartilesOf(trials.map(({ seconds }, i) => first[i]!.seconds / seconds)).median,
  }));
}

/** The standings as lines of text. */
export function standingsTable(standings: readonly Standing[]): string[] {
  const head = [
    'policy',
    'steps',
    'passes',
    'head evals',
    's/image',
    'quartiles',
    'transformer',
    'head',
    'ratio',
  ];
  const rows = standings.map((each) => [
    each.name,
    `${each.steps}`,
    `${each.transformerPasses}`,
    each.headEvaluations.toLocaleString('en'),
    seconds(each.seconds.median),
    `${seconds(each.seconds.lower)}-${seconds(each.seconds.upper)}`,
    seconds(each.transformerSeconds),
    seconds(each.headSeconds),
    `${each.ratio.toFixed(2)}×`,
  ]);
  return textTable([head, ...rows], [false, true, true, true, true, true, true, true, true]);
}

/** A row a contender, a column a picture. */
export function standingsSheet(
  contests: readonly Contest[],
  standings: readonly Standing[],
  { title, scale, names }: { title: string; scale: number; names?: readonly string[] },
): ImageRgb {
  const rows = contests.map(({ contender, trials }, i) => {
    const { pace, seconds: time, ratio } = standings[i]!;
    const speed = i === 0 ? '' : `${ratio.toFixed(1)}× as fast`;
    return {
      label: [names?.[i] ?? contender.name, pace, `${seconds(time.median)} s/image`, speed].filter(
        (line) => line,
      ),
      cells: trials.map(({ image }) => ({ image })),
    };
  });
  const columns = contests[0]!.trials.map(({ picture }) => shortName(picture));
  return contactSheet({ title, columns, rows, scale });
}

/** Everything measured, as plain data. */
export function comparisonDocument(
  used: ModelInUse,
  seed: number,
  contests: readonly Contest[],
  standings: readonly Standing[],
) {
  const processors = cpus();
  return {
    format: 'tessera-comparison',
    version: 1,
    model: used.identity,
    seed,
    made: {
      ...used.made,
      threads: used.model.threads,
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
    },
    policies: standings.map((standing, i) => ({
      ...standing,
      sampling: contests[i]!.contender.sampling,
      pictures: contests[i]!.trials.map(({ image: _, picture, ...times }) => ({
        index: picture.index,
        class: picture.className,
        ...times,
      })),
    })),
  };
}

function seconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
