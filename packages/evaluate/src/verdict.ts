import { InvalidOptionError } from '@tessera/core';
import { assertNumber } from '@tessera/core/model';
import type { ComparedMetric, Estimate, Margins, Verdict } from './evaluation-report.js';

/**
 * What the interval of a difference says, less being better: `same` if it lies within ± `margin`, else `better` if it
 * lies below 0, `worse` if above 0, and `undecided` otherwise: then more pictures are needed.
 *
 * @param margin a difference that doesn't matter, set before the pictures were drawn; ≥ 0. Null for none: nothing is `same`
 * @throws InvalidOptionError where the margin is below 0, or the interval none: NaN, or its ends the wrong way round
 */
export function verdictOf({ low, high }: Estimate, margin: Margins[ComparedMetric]): Verdict {
  if (margin !== null) assertNumber('margin', margin, 0);
  if (!(low <= high)) {
    throw new InvalidOptionError('interval', `${low} to ${high}`, 'must be two numbers, the smaller first');
  }
  if (margin !== null && low >= -margin && high <= margin) return 'same';
  if (high < 0) return 'better';
  if (low > 0) return 'worse';
  return 'undecided';
}
