import { quantile } from './centred-interval.js';
import type { Quartiles } from './evaluation-report.js';

/** Median and the quartiles around it, linear between neighbours; NaN of no values. */
export function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = Float64Array.from(values).sort();
  return { lower: quantile(sorted, 0.25), median: quantile(sorted, 0.5), upper: quantile(sorted, 0.75) };
}
