import { describe, expect, it } from 'vitest';
import { quantile } from './centred-interval.js';
import { evaluate } from './evaluate.js';
import type { Estimate } from './evaluation-report.js';
import { meanColour, optionsWith } from './testing/small-evaluation.js';
import { mean, normalFeatures } from './testing/synthetic-features.js';

const { width } = meanColour;
const CONFIDENCE = 0.9;
const TRIALS = 100;

/** The report on variants whose pictures are kept: the second's are the first's, moved and stretched. */
function reportOf(trial: number, n: number) {
  const axes = Array.from({ length: width }, () => ({ mean: 4, deviation: 0.4 }));
  const base = normalFeatures(trial, n, axes);
  return evaluate(
    optionsWith({
      n,
      seed: trial,
      resamples: 100,
      splits: 1,
      confidence: CONFIDENCE,
      margins: { frechet: 1, kid: 1 },
      store: {
        load: async ({ name }) =>
          Array.from({ length: n }, (_, index) => ({
            index,
            features: base
              .slice(index * width, (index + 1) * width)
              // Classes lie apart.
              .map((value) => (name === 'raster' ? 1.3 : 1) * value + 2 * (index % 2)),
            seenClass: null,
            seenDamage: null,
            seconds: 1,
            headEvaluations: 1,
            passes: 1,
          })),
        save: async () => {
          throw new Error('nothing is left to draw');
        },
      },
    }),
  );
}

/** How often intervals hold what the metric is on average, and their mean width over that of its own spread. */
function measured(estimates: readonly Estimate[]): { readonly coverage: number; readonly width: number } {
  const values = estimates.map(({ value }) => value);
  const expected = mean(values);
  const sorted = values.toSorted((a, b) => a - b);
  const tail = (1 - CONFIDENCE) / 2;
  return {
    coverage: mean(estimates.map(({ low, high }) => (low <= expected && expected <= high ? 1 : 0))),
    width:
      mean(estimates.map(({ low, high }) => high - low)) /
      (quantile(sorted, 1 - tail) - quantile(sorted, tail)),
  };
}

describe('intervals of five pictures a class', () => {
  it('are about as wide as distances and their differences vary, and hold what these are on average', async () => {
    const reports = await Promise.all(Array.from({ length: TRIALS }, (_, trial) => reportOf(trial, 10)));
    for (const of of ['frechet', 'kid'] as const) {
      const arm = measured(reports.map(({ arms }) => arms[0]!.metrics[of]));
      const difference = measured(
        reports.map(({ comparisons }) => comparisons.find(({ metric }) => metric === of)!.difference),
      );
      for (const { coverage, width } of [arm, difference]) {
        expect(coverage).toBeGreaterThan(CONFIDENCE - 0.1);
        expect(width).toBeGreaterThan(0.8);
        expect(width).toBeLessThan(1.25);
      }
    }
  });
});
