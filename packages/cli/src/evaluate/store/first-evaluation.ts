import { join } from 'node:path';
import type { ComparedMetric } from '@tessera/evaluate';
import * as v from 'valibot';
import { writeJson } from '../../written-file.js';
import { readFolderFile } from './folder-file.js';

const margin = v.nullable(v.number());
const schema = v.strictObject({ n: v.number(), margins: v.strictObject({ frechet: margin, kid: margin }) });

/** What verdicts hang on beside the pictures, as it was asked for; a margin is null where it follows from the floors. */
export interface EvaluationSettings {
  readonly n: number;
  readonly margins: Readonly<Record<ComparedMetric, number | null>>;
}

/**
 * What an evaluation sets otherwise than the first one of its folder that came to a result, a line each. The first one's
 * settings are kept in `first-NETWORK.json`: margins of another network are in other units.
 *
 * @throws EvaluationFolderError where that file can't be read
 */
export async function changesSinceFirst(
  folder: string,
  networkKey: string,
  now: EvaluationSettings,
): Promise<readonly string[]> {
  const path = join(folder, `first-${networkKey}.json`);
  const first = await readFolderFile(
    path,
    schema,
    "can't be read: it holds n and the margins of the folder's first evaluation. Choose another folder by --out.",
  );
  if (!first) {
    await writeJson(path, now);
    return [];
  }
  const [before, after] = [shown(first), shown(now)];
  return Object.keys(after)
    .filter((key) => before[key] !== after[key])
    .map((key) => `${key}: ${before[key]} → ${after[key]}`);
}

function shown({ n, margins: { frechet, kid } }: EvaluationSettings): Record<string, string> {
  const set = (margin: number | null): string => (margin === null ? 'from the floors' : `${margin}`);
  return { n: `${n}`, 'margin in Fréchet distance': set(frechet), 'margin in KID': set(kid) };
}
