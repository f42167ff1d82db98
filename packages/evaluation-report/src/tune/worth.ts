import { type Comparison, isShare, overallVerdict, type Verdict } from '@tessera/evaluate';

/** What is wanted: the best picture in a time, or the fastest one that is as good. */
export type TuneGoal = { readonly kind: 'budget'; readonly seconds: number } | { readonly kind: 'same-as' };

/** How a candidate stands against the reference after a round. */
export interface Standing {
  /** How many times as fast as the reference. */
  readonly speedup: number;
  /** Pictures of each. */
  readonly n: number;
  /** In quality, a line a metric. */
  readonly comparisons: readonly Pick<Comparison, 'metric' | 'difference' | 'margin' | 'verdict'>[];
}

/**
 * What a candidate is worth by what is known of it; the greater half goes on. For the fastest one that is as good: the
 * probability that it is no worse than its margins allow, times the logarithm of its speed-up. For the best one in a time:
 * how much better it is, in margins.
 */
export function worthOf({ speedup, n, comparisons }: Standing, goal: TuneGoal): number {
  return goal.kind === 'same-as'
    ? comparisons.reduce((product, each) => product * chanceOf(each, n), 1) * Math.log(speedup)
    : -comparisons.reduce((sum, each) => sum + loss(each) / (each.margin || 1), 0);
}

/** That the loss is less than the margin, its error being normal. */
function chanceOf({ metric, difference, margin }: Standing['comparisons'][number], n: number): number {
  const estimated = (difference.high - difference.low) / (2 * 1.96);
  // Halves of a few pictures all cover the same: a difference of shares strays by √(1/2n) at most, and of few by nearly that.
  const error = Math.max(estimated, isShare(metric) ? Math.sqrt(1 / (2 * n)) : 1e-9);
  return normalShare(((margin ?? 0) - loss({ metric, difference })) / error);
}

function loss({
  metric,
  difference,
}: Pick<Standing['comparisons'][number], 'metric' | 'difference'>): number {
  return isShare(metric) ? -difference.value : difference.value;
}

/** Φ, to 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const tail =
    density *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x < 0 ? tail : 1 - tail;
}

/** The verdict of a confirmation: that on variety and Fréchet distance, unless the kernel distance is against it. */
export function confirmedVerdict(comparisons: Standing['comparisons']): Verdict {
  const overall = overallVerdict(comparisons) ?? 'undecided';
  const kid = comparisons.find(({ metric }) => metric === 'kid')?.verdict ?? overall;
  if (overall === 'worse' || kid === 'worse') return 'worse';
  return overall === 'undecided' || kid === 'undecided' ? 'undecided' : overall;
}
