import { InvalidOptionError } from '@tessera/core';
import { assertNumber } from '@tessera/core/model';
import type { ComparedMetric, Comparison, Estimate, Verdict } from './evaluation-report.js';

/** Whether a metric is a share of pictures, of which more is better, rather than a distance. */
export function isShare(metric: ComparedMetric): boolean {
  return metric === 'recall' || metric === 'score';
}

/**
 * What the interval of a difference says: `same` if it lies within ± `margin`, else `better` or
 * `worse` if it lies on one side of 0, and `undecided` otherwise: then more pictures are needed.
 *
 * @param margin a difference that doesn't matter, set before the pictures were drawn; ≥ 0. Null for none: nothing is `same`
 * @param better which side of 0 is better. @default 'less'
 * @throws InvalidOptionError where the margin is below 0, or the interval none: NaN, or its ends the wrong way round
 */
export function verdictOf(
  { low, high }: Estimate,
  margin: number | null,
  better: 'less' | 'more' = 'less',
): Verdict {
  if (margin !== null) assertNumber('margin', margin, 0);
  if (!(low <= high)) {
    throw new InvalidOptionError('interval', `${low} to ${high}`, 'must be two numbers, the smaller first');
  }
  if (margin !== null && low >= -margin && high <= margin) return 'same';
  if (high < 0) return better === 'less' ? 'better' : 'worse';
  if (low > 0) return better === 'less' ? 'worse' : 'better';
  return 'undecided';
}

/**
 * The verdict on a variant against another one, variety and prompts counted: that of the Fréchet distance, unless recall or
 * score forbids it. One that is worse makes the variant worse, and one that may be lower by more than its margin leaves it
 * undecided.
 *
 * @param comparisons of the pair, a line a metric; without one in recall, as in older reports, or in score, the rest decides
 * @returns undefined where the pair wasn't compared
 */
export function overallVerdict(
  comparisons: readonly Pick<Comparison, 'metric' | 'difference' | 'margin' | 'verdict'>[],
): Verdict | undefined {
  const distance = comparisons.find(({ metric }) => metric === 'frechet');
  const shares = comparisons.filter(({ metric }) => isShare(metric));
  if (!distance || distance.verdict === 'worse') return distance?.verdict;
  if (shares.some(({ verdict }) => verdict === 'worse')) return 'worse';
  const mayBeLower = shares.some(({ margin, difference }) => margin !== null && difference.low < -margin);
  return mayBeLower ? 'undecided' : distance.verdict;
}
