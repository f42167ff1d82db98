import { createHash } from 'node:crypto';
import type { Comparison, VariantReport } from '@tessera/evaluate';
import { type EvaluationDocument, networkText } from '../evaluation-document.js';

/** What conclusions rest on: other numbers may ask for other conclusions where any of it changes. */
export type Basis = Pick<
  EvaluationDocument,
  'n' | 'seed' | 'network' | 'model' | 'margins' | 'confidence' | 'resamples'
> & {
  readonly made: Pick<EvaluationDocument['made'], 'batch'>;
  readonly reference: Pick<EvaluationDocument['reference'], 'key'>;
  /** Only whether there is one: the variants then have times of their own. */
  readonly timing?: unknown;
  readonly arms: readonly (Pick<VariantReport, 'name'> & {
    readonly speedup: Pick<VariantReport['speedup'], 'median'>;
  })[];
  readonly comparisons: readonly Pick<Comparison, 'arm' | 'against' | 'metric' | 'difference'>[];
};

/**
 * Changes where a setting does, the variants, what they are compared with, or a difference or speed by as much as a page
 * shows.
 */
export function resultsFingerprint(basis: Basis): string {
  const { n, seed, network, model, margins, confidence, resamples, made, reference, timing } = basis;
  const parts = [
    [n, seed, model.sha256, networkText(network), margins.frechet, margins.kid, made.batch, reference.key],
    [resamples, confidence, ...(margins.recall === undefined ? [] : [margins.recall])],
    basis.arms.map(({ name }) => name),
    basis.comparisons.map(({ arm, against, metric, difference: { value, low, high } }) => [
      ...[arm, against, metric],
      ...[value, low, high].map((each) => each.toFixed(2)),
    ]),
    timing === undefined ? [] : basis.arms.map(({ speedup }) => speedup.median.toFixed(2)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
