import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Margins, ReferencePictures } from '@tessera/evaluate';
import * as v from 'valibot';
import { writeJson } from '../files/written-file.js';
import { readFolderFile } from './folder-file.js';

const margin = v.nullable(v.number());
const schema = v.strictObject({
  n: v.number(),
  margins: v.strictObject({
    frechet: margin,
    kid: margin,
    recall: v.exactOptional(margin),
    score: v.exactOptional(margin),
  }),
  /** Absent from the first files, as the next. */
  resamples: v.optional(v.number()),
  reference: v.optional(v.string()),
});

/** What verdicts hang on beside the pictures; a margin is null where none is set. */
export interface EvaluationSettings {
  readonly n: number;
  readonly margins: Margins;
  readonly resamples: number;
  /** The real pictures: changes where any of them does, see {@link referenceText}. */
  readonly reference: string;
}

/** A hash of what the network sees in real pictures, and of their classes. */
export function referenceKey({ features, labels }: ReferencePictures): string {
  const hash = createHash('sha256');
  for (const array of [features, ...(labels ? [labels] : [])]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Real pictures in a few words: `6000 held-out renders, 3fa9b2c41d05`. */
export function referenceText(reference: ReferencePictures): string {
  const { name, width, features } = reference;
  return `${features.length / width} ${name}, ${referenceKey(reference)}`;
}

/**
 * What an evaluation sets otherwise than the first one of its folder that came to a result, a line each. The first one's
 * settings are kept in `first-NETWORK.json`: margins of another network are in other units. What an older file doesn't hold
 * is not compared.
 *
 * @param networkKey tells networks apart, and evaluations that are to have first ones of their own
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
    "can't be read: it holds the settings of the folder's first evaluation. Choose another folder by --out.",
  );
  if (!first) {
    await writeJson(path, now);
    return [];
  }
  const [before, after] = [shown(first), shown(now)];
  return Object.keys(after)
    .filter((key) => before[key] !== undefined && before[key] !== after[key])
    .map((key) => `${key}: ${before[key]} → ${after[key]}`);
}

function shown({
  n,
  margins: { frechet, kid, recall, score },
  resamples,
  reference,
}: v.InferOutput<typeof schema>): Record<string, string> {
  const set = (margin: number | null): string => (margin === null ? 'none' : `${margin}`);
  return {
    n: `${n}`,
    'margin in Fréchet distance': set(frechet),
    'margin in KID': set(kid),
    ...(recall === undefined ? {} : { 'margin in recall': set(recall) }),
    ...(score === undefined ? {} : { 'margin in score': set(score) }),
    ...(resamples === undefined ? {} : { resamples: `${resamples}` }),
    ...(reference === undefined ? {} : { 'real pictures': reference }),
  };
}
