import type { ComparedMetric } from './evaluation-report.js';
import type { Floors } from './floors.js';

export type Margins = Readonly<Record<ComparedMetric, number>>;

/**
 * Margins where none were set: half of the Fréchet floor, and two standard deviations of the kernel floor, whose mean
 * is about 0. They depend on real pictures alone, so no arm has a say in them.
 */
export function defaultMargins({ frechet, kid }: Pick<Floors, 'frechet' | 'kid'>): Margins {
  return { frechet: frechet.mean / 2, kid: 2 * kid.spread };
}
