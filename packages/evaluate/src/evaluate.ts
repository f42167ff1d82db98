import { throwIfAborted } from '@tessera/core';
import { centredInterval } from './centred-interval.js';
import { type CheckedOptions, checkedOptions, METRICS } from './checked-options.js';
import { drawArms } from './draw-arms.js';
import type { EvaluateOptions } from './evaluation-options.js';
import type { ArmReport, Comparison, EvaluationReport, Margins } from './evaluation-report.js';
import type { JudgedPicture } from './evaluation-store.js';
import { type FloorSample, type Floors, floorCount, floorSample, floorsOf } from './floors.js';
import { type MeasuredArm, type MeasuredReference, measureArm, measureReference } from './measure-arm.js';
import { inPieces } from './piecewise.js';
import { quartilesOf } from './quartiles.js';
import { verdictOf } from './verdict.js';

/** Milliseconds between pauses. */
const PAUSE_INTERVAL = 100;

/**
 * Draws n pictures with every arm, picture k of each from the same label and noise, and compares them.
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
  const { arms, n, seed, network, reference, resamples, confidence, signal, onProgress } = chosen;
  const breathe = pauses(chosen);
  onProgress?.({ phase: 'floors', done: 0, total: chosen.splits });
  const measured = await inPieces(measureReference(reference, n, seed), breathe);
  const floors = await measureFloors(chosen, measured, breathe);
  const margins: Margins = { frechet: null, kid: null, ...chosen.margins };

  const pictures = await drawArms(chosen);
  const results = new Map<string, MeasuredArm>();
  for (const [place, { name }] of arms.entries()) {
    throwIfAborted(signal);
    onProgress?.({ phase: 'resampling', arm: name, done: 0, total: resamples });
    const result = await measureArm(pictures[place]!, {
      reference: measured,
      width: network.width,
      classes: chosen.classes,
      damageNames: network.damageNames,
      seed,
      resamples,
      confidence,
      breathe,
      onResample: (done) => onProgress?.({ phase: 'resampling', arm: name, done, total: resamples }),
    });
    onProgress?.({ phase: 'resampling', arm: name, done: resamples, total: resamples });
    results.set(name, result);
  }
  return {
    format: 'tessera-evaluation',
    version: 1,
    n,
    classes: chosen.classes,
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
    arms: arms.map(
      ({ name, description }, place): ArmReport => ({
        name,
        description,
        ...workOf(pictures[place]!, pictures[0]!),
        metrics: results.get(name)!.metrics,
      }),
    ),
    comparisons: chosen.compare.flatMap(([arm, against]) =>
      comparisonsOf([arm, results.get(arm)!], [against, results.get(against)!], margins, confidence),
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

async function measureFloors(
  { n, seed, splits, reference, onProgress }: CheckedOptions<EvaluateOptions>,
  { kernel }: MeasuredReference,
  breathe: () => Promise<boolean>,
): Promise<Floors> {
  const count = floorCount(n, reference.features.length / reference.width);
  const samples: FloorSample[] = [];
  for (let split = 0; split < splits; split++) {
    samples.push(await inPieces(floorSample(reference, kernel, { count, seed, split }), breathe));
    onProgress?.({ phase: 'floors', done: split + 1, total: splits });
  }
  return floorsOf(samples, count);
}

function workOf(
  pictures: readonly JudgedPicture[],
  baseline: readonly JudgedPicture[],
): Pick<ArmReport, 'secondsPerImage' | 'speedup' | 'headEvaluations' | 'passes'> {
  const mean = (of: (picture: JudgedPicture) => number): number =>
    pictures.reduce((sum, picture) => sum + of(picture), 0) / pictures.length;
  return {
    secondsPerImage: quartilesOf(pictures.map(({ seconds }) => seconds)),
    speedup: quartilesOf(pictures.map(({ seconds }, k) => baseline[k]!.seconds / seconds)),
    headEvaluations: mean(({ headEvaluations }) => headEvaluations),
    passes: mean(({ passes }) => passes),
  };
}

function comparisonsOf(
  [arm, left]: readonly [string, MeasuredArm],
  [against, right]: readonly [string, MeasuredArm],
  margins: Margins,
  confidence: number,
): Comparison[] {
  return METRICS.map((metric) => {
    const replicates = left.replicates[metric].map((value, r) => value - right.replicates[metric][r]!);
    const value = left.metrics[metric].value - right.metrics[metric].value;
    // Both arms have the same classes, and so the same spread.
    const difference = centredInterval(value, replicates, confidence, { spread: left.spread });
    const margin = margins[metric];
    return { arm, against, metric, difference, margin, verdict: verdictOf(difference, margin) };
  });
}
