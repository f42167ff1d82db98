import { throwIfAborted } from '@tessera/core/model';
import {
  type BaselineSample,
  type Baselines,
  baselineCount,
  baselineSample,
  baselinesOf,
} from './baselines.js';
import { centredInterval } from './centred-interval.js';
import { type CheckedOptions, checkedOptions, METRICS } from './checked-options.js';
import { inChunks } from './chunked.js';
import { drawVariants } from './draw-variants.js';
import type { EvaluateOptions } from './evaluation-options.js';
import type {
  ComparedMetric,
  Comparison,
  EvaluationReport,
  Margins,
  VariantReport,
} from './evaluation-report.js';
import type { MeasuredPicture } from './evaluation-store.js';
import {
  type MeasuredReference,
  type MeasuredVariant,
  measureReference,
  measureVariant,
} from './measure-variant.js';
import { quartilesOf } from './quartiles.js';
import { isShare, verdictOf } from './verdict.js';

/** Milliseconds between pauses. */
const PAUSE_INTERVAL = 100;

/**
 * Draws n pictures with every variant, picture k of each from the same label and noise, and compares them.
 *
 * The real pictures come first: floors are settled before any picture is drawn. Drawing goes on where the
 * store says that it stopped; the report is a function of the pictures, the seed and the options alone, so a stop leaves
 * no trace in it but in the seconds.
 *
 * @throws InvalidOptionError before anything is drawn, where an option is out of range, names aren't unique or don't
 *   fit, or real pictures are too few; see `assertEvaluateOptions`
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationReport> {
  const chosen = checkedOptions(options);
  const { variants, n, seed, network, reference, resamples, confidence, signal, onProgress } = chosen;
  const yieldToEventLoop = pauses(chosen);
  onProgress?.({ phase: 'floors', done: 0, total: chosen.splits });
  const measured = await inChunks(measureReference(reference, n, seed), yieldToEventLoop);
  const floors = await measureBaselines(chosen, measured, yieldToEventLoop);

  const pictures = await drawVariants(chosen);
  const results = new Map<string, MeasuredVariant>();
  for (const [place, { name }] of variants.entries()) {
    throwIfAborted(signal);
    onProgress?.({ phase: 'resampling', variant: name, done: 0, total: resamples });
    const result = await measureVariant(pictures[place]!, {
      reference: measured,
      width: network.width,
      classes: chosen.classes,
      prompts: chosen.prompts,
      damageNames: network.damageNames,
      seed,
      resamples,
      confidence,
      yieldToEventLoop,
      onResample: (done) => onProgress?.({ phase: 'resampling', variant: name, done, total: resamples }),
    });
    onProgress?.({ phase: 'resampling', variant: name, done: resamples, total: resamples });
    results.set(name, result);
  }
  const hasScores = [...results.values()].every(({ metrics }) => metrics.prompts);
  const metrics = METRICS.filter((metric) => metric !== 'score' || hasScores);
  const { frechet = null, kid = null, recall = null, score = null } = chosen.margins;
  const margins: Margins = { frechet, kid, recall, ...(hasScores ? { score } : {}) };
  return {
    format: 'tessera-evaluation',
    version: 1,
    n,
    classes: chosen.classes,
    ...(chosen.prompts ? { skills: chosen.prompts.skills } : {}),
    seed,
    network: { name: network.name, width: network.width },
    reference: {
      name: reference.name,
      count: reference.features.length / reference.width,
      classAccuracy: reference.classAccuracy ?? null,
      damages: reference.damages ?? null,
    },
    resamples,
    confidence,
    margins,
    floors,
    arms: variants.map(
      ({ name, description }, place): VariantReport => ({
        name,
        description,
        ...workOf(pictures[place]!, pictures[0]!),
        metrics: results.get(name)!.metrics,
      }),
    ),
    comparisons: chosen.compare.flatMap(([variant, against]) =>
      comparisonsOf([variant, results.get(variant)!], [against, results.get(against)!], {
        metrics,
        margins,
        confidence,
      }),
    ),
  };
}

/** Lets the host deal with its events now and then; true where it did. Throws once the signal is aborted. */
function pauses({ clock, pause, signal }: EvaluateOptions): () => Promise<boolean> {
  let last = clock();
  return async () => {
    if (clock() - last < PAUSE_INTERVAL) return false;
    await pause?.();
    throwIfAborted(signal);
    last = clock();
    return true;
  };
}

async function measureBaselines(
  { n, seed, splits, reference, onProgress }: CheckedOptions<EvaluateOptions>,
  { kernel }: MeasuredReference,
  yieldToEventLoop: () => Promise<boolean>,
): Promise<Baselines> {
  const count = baselineCount(n, reference.features.length / reference.width);
  const samples: BaselineSample[] = [];
  for (let split = 0; split < splits; split++) {
    samples.push(await inChunks(baselineSample(reference, kernel, { count, seed, split }), yieldToEventLoop));
    onProgress?.({ phase: 'floors', done: split + 1, total: splits });
  }
  return baselinesOf(samples, count);
}

function workOf(
  pictures: readonly MeasuredPicture[],
  baseline: readonly MeasuredPicture[],
): Pick<VariantReport, 'secondsPerImage' | 'speedup' | 'headEvaluations' | 'passes'> {
  const mean = (of: (picture: MeasuredPicture) => number): number =>
    pictures.reduce((sum, picture) => sum + of(picture), 0) / pictures.length;
  return {
    secondsPerImage: quartilesOf(pictures.map(({ seconds }) => seconds)),
    speedup: quartilesOf(pictures.map(({ seconds }, k) => baseline[k]!.seconds / seconds)),
    headEvaluations: mean(({ headEvaluations }) => headEvaluations),
    passes: mean(({ passes }) => passes),
  };
}

function comparisonsOf(
  [variant, left]: readonly [string, MeasuredVariant],
  [against, right]: readonly [string, MeasuredVariant],
  {
    metrics,
    margins,
    confidence,
  }: {
    readonly metrics: readonly ComparedMetric[];
    readonly margins: Margins;
    readonly confidence: number;
  },
): Comparison[] {
  return metrics.map((metric) => {
    const replicates = left.replicates[metric].map((value, r) => value - right.replicates[metric][r]!);
    const value = metricValue(left, metric) - metricValue(right, metric);
    // Both variants have the same classes, and so the same spread.
    const difference = centredInterval(value, replicates, confidence, { spread: left.spread });
    const margin = margins[metric] ?? null;
    const verdict = verdictOf(difference, margin, isShare(metric) ? 'more' : 'less');
    return { arm: variant, against, metric, difference, margin, verdict };
  });
}

function metricValue({ metrics }: MeasuredVariant, metric: ComparedMetric): number {
  const measured = metric === 'score' ? (metrics.prompts?.score ?? Number.NaN) : metrics[metric];
  return typeof measured === 'number' ? measured : measured.value;
}
