import { join, resolve } from 'node:path';
import { CASE_KINDS, CHECKPOINT } from './cases/index.js';
import { type Check, holds } from './compare.js';
import { type OpenSession, openNodeSession } from './converted-models.js';
import { goldenCase } from './golden-case.js';
import { GoldenDataError, sentence } from './golden-data-error.js';
import { findCases, type SetCase } from './golden-set.js';
import { type Cost, startMeasuring } from './measure.js';
import { ModelStore } from './model-store.js';

/** What became of a case. */
export interface CaseResult {
  /** The case's directory, relative to the set's; empty for the set's own. */
  readonly directory: string;
  readonly kind: string;
  readonly name: string;
  readonly passed: boolean;
  /** Empty where the case broke off. */
  readonly checks: readonly Check[];
  /** Why the case could not be replayed. */
  readonly problem?: string;
  readonly cost: Cost;
}

/** What a checkpoint may take, whatever is in it: a few seconds, and this much memory. */
const MOST_SECONDS = 10;
const MOST_MEBIBYTES = 256;

export interface ParitySummary {
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly CaseResult[];
}

/**
 * Converts every model of a golden set and replays every case through the converted graphs.
 *
 * @param root a directory of golden data
 * @param report called with each case's result as it is known
 * @param openSession opens a graph file. @default on the CPU
 * @throws GoldenDataError where `root` holds no golden data; anything wrong with a case fails that case alone
 */
export async function runParity(
  root: string,
  report: (result: CaseResult) => void = () => {},
  openSession: OpenSession = openNodeSession,
): Promise<ParitySummary> {
  const set = resolve(root);
  const cases = await findCases(set);
  const modelDirectories = [
    ...new Set(cases.filter(({ fields }) => fields).map(({ directory }) => directory)),
  ];
  const models = await ModelStore.open(openSession);
  const results: CaseResult[] = [];
  try {
    for (const each of cases) {
      const result = await replay(each, set, modelDirectories, models);
      results.push(result);
      report(result);
    }
  } finally {
    await models.close();
  }
  const passed = results.filter((result) => result.passed).length;
  return { passed, failed: results.length - passed, results };
}

async function replay(
  { directory, kind, name, fields, problem }: SetCase,
  set: string,
  modelDirectories: readonly string[],
  models: ModelStore,
): Promise<CaseResult> {
  const path = join(set, directory);
  const measured = startMeasuring();
  const anywhere = kind === 'timestep_freqs';
  try {
    const run = CASE_KINDS.get(kind);
    if (problem !== undefined || !fields || !run)
      throw new GoldenDataError(problem ?? 'The case has no fields.');
    const checks = await run(
      goldenCase(fields, path, (from) => ({
        mar: (form) =>
          anywhere ? models.anyMar(modelDirectories.map((each) => join(set, each))) : models.mar(from, form),
        autoencoder: () => models.autoencoder(from),
        openSession: models.openSession,
      })),
    );
    if (checks.length === 0) throw new GoldenDataError('The case holds nothing to compare with.');
    const cost = measured();
    const all = kind === CHECKPOINT ? [...checks, ...bounds(cost)] : checks;
    return { directory, kind, name, passed: all.every(holds), checks: all, cost };
  } catch (error) {
    return { directory, kind, name, passed: false, checks: [], problem: sentence(error), cost: measured() };
  }
}

const bounds = ({ seconds, mebibytes }: Cost): Check[] => [
  { what: 'seconds', error: seconds, tolerance: MOST_SECONDS },
  { what: 'MiB', error: mebibytes, tolerance: MOST_MEBIBYTES },
];
