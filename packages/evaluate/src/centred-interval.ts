import { InvalidOptionError } from '@tessera/core';
import { assertNumber } from '@tessera/core/model';
import type { Estimate } from './evaluation-report.js';

/**
 * A bootstrap interval that is centred: the quantiles of `replicates` less their mean, about `value`.
 *
 * A Fréchet distance grows with every picture that occurs twice, so that replicates lie above the distance itself by
 * about as much as that lies above the distance of infinitely many pictures. Percentiles of raw replicates would hence
 * miss the value; the centred ones cover what the metric gives on average at this number of pictures, with its bias at
 * that number. Differences of two variants at equal n have nearly no bias, as each variant's cancels the other's.
 *
 * @param replicates one a resample, one at least, all finite
 * @param confidence between 0 and 1, e.g. 0.95
 * @param options.spread what deviations of replicates are multiplied by: `varianceCorrection` for those of `resampleCounts`.
 *   @default 1
 * @throws InvalidOptionError where any of them is out of range, or a number is not finite
 */
export function centredInterval(
  value: number,
  replicates: Float64Array,
  confidence: number,
  { spread = 1 }: { readonly spread?: number } = {},
): Estimate {
  assertConfidence(confidence);
  assertNumber('spread', spread, 0);
  if (!Number.isFinite(value)) throw new InvalidOptionError('value', value, 'must be finite');
  if (replicates.length === 0) throw new InvalidOptionError('replicates', '[]', 'give at least one');
  if (!replicates.every(Number.isFinite)) {
    throw new InvalidOptionError('replicates', 'NaN or infinite', 'must all be finite');
  }
  const mean = replicates.reduce((sum, replicate) => sum + replicate, 0) / replicates.length;
  const sorted = replicates.toSorted();
  const tail = (1 - confidence) / 2;
  return {
    value,
    low: value + spread * (quantile(sorted, tail) - mean),
    high: value + spread * (quantile(sorted, 1 - tail) - mean),
  };
}

/** Throws unless a confidence lies between 0 and 1: at either there is no interval to speak of. */
export function assertConfidence(confidence: number): void {
  if (confidence > 0 && confidence < 1) return;
  throw new InvalidOptionError('confidence', confidence, 'must be a number between 0 and 1, e.g. 0.95');
}

/** A quantile of ascending numbers, linear between neighbours (Hyndman and Fan's type 7). */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const place = probability * (sorted.length - 1);
  const below = Math.floor(place);
  const lower = sorted[below]!;
  return lower + (place - below) * ((sorted[below + 1] ?? lower) - lower);
}
