import { createHash } from 'node:crypto';
import type { Comparison, VariantReport } from '@tessera/evaluate';
import { type EvaluationDocument, networkText } from '@tessera/evaluation-report';

const BEGIN = '<!-- conclusions: written by hand, kept by every run -->';
const END = '<!-- end of conclusions -->';

/** What stands where nobody has concluded anything yet. */
const NONE = '_None yet._';

/** The part of a study's page that people write, between its marks. */
export function conclusionsSection(text: string = NONE): string {
  return `${BEGIN}\n\n${text.trim()}\n\n${END}`;
}

/**
 * What people have written on an earlier page.
 *
 * @param path of the page, for the message
 * @throws Error where a mark is missing, since a new page would lose what they wrote
 */
export function conclusionsOf(page: string | undefined, path: string): string | undefined {
  if (page === undefined) return undefined;
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`${path} has lost the marks around its conclusions. Put back "${BEGIN}" and "${END}".`);
  }
  return page.slice(begin + BEGIN.length, end).trim();
}

/** What numbers rest on: other numbers may ask for other conclusions where any of it has changed. */
type Basis = Pick<
  EvaluationDocument,
  'n' | 'seed' | 'network' | 'model' | 'margins' | 'confidence' | 'resamples'
> & {
  readonly made: Pick<EvaluationDocument['made'], 'batch'>;
  readonly reference: Pick<EvaluationDocument['reference'], 'key'>;
  /** Only whether there is one: variants then have times of their own. */
  readonly timing?: unknown;
  readonly arms: readonly (Pick<VariantReport, 'name' | 'description'> & {
    readonly speedup: Pick<VariantReport['speedup'], 'median'>;
  })[];
  readonly comparisons: readonly Pick<Comparison, 'arm' | 'against' | 'metric' | 'difference'>[];
};

/**
 * The conclusions with a line above them where they were drawn from other numbers than those they now stand beside. The
 * line goes when somebody has read them again and deletes it.
 */
export function markedIfStale(text: string | undefined, written: Basis | undefined, now: Basis) {
  if (text === undefined || text === NONE || written === undefined || basis(written) === basis(now))
    return text;
  const line = `> **From an earlier run**, ${basis(written)}: to be read against the numbers below, then delete this line.`;
  return text.includes('> **From an earlier run**') ? text : `${line}\n\n${text}`;
}

function basis(document: Basis): string {
  const { n, seed, network, model, margins, confidence, resamples, made, reference } = document;
  return (
    `${n} pictures an arm, seed ${seed}, model ${model.sha256.slice(0, 12)}, judge ${networkText(network)}, ` +
    `margins ${margins.frechet} and ${margins.kid}, batches of ${made.batch}, real pictures ${reference.key}, ` +
    `arms ${armsKey(document)}, ${resamples} resamples at ${confidence}, results ${resultsKey(document)}`
  );
}

/** Changes where a variant does, or what one is compared with. */
function armsKey({ arms, comparisons }: Basis): string {
  const parts = [
    arms.map(({ name, description }) => [name, description]),
    comparisons.map(({ arm, against }) => [arm, against]),
  ];
  return shortHash(parts);
}

/** Changes where a difference or a speed does by as much as a page shows. */
function resultsKey({ timing, arms, comparisons }: Basis): string {
  const differences = comparisons.map(({ arm, against, metric, difference }) => [
    [arm, against, metric],
    [difference.value, difference.low, difference.high].map((value) => value.toFixed(2)),
  ]);
  const speeds = timing ? arms.map(({ speedup }) => speedup.median.toFixed(2)) : [];
  return shortHash([differences, speeds]);
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
