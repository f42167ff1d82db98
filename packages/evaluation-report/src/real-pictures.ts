import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  classAccuracy,
  corruptionShares,
  type ExtractedFeatures,
  type ReferencePictures,
} from '@tessera/evaluate';
import type { Classes } from '@tessera/format';
import * as v from 'valibot';
import { EvaluationRequestError } from './evaluation-request-error.js';
import type { LoadedNetwork } from './feature-network-file.js';
import { takeLock } from './files/lock-file.js';
import { isRgbPng } from './files/png-file.js';
import { type LabelOf, NAMED, type RealFile, realFilesIn } from './real-files.js';
import { appendLines, readLines } from './store/line-file.js';
import { extractFiles, featuresOf, type SeenPicture, seenEntries } from './store/seen-pictures.js';

export interface RealPicturesOptions {
  readonly loaded: LoadedNetwork;
  readonly classes: Classes;
  readonly labelOf: LabelOf;
  /** Where it is kept what the network sees, so that the pictures are seen once. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  /** Hears what was left out of the folder, a sentence each. */
  onNote?(line: string): void;
  onProgress?(done: number, total: number): void;
}

/**
 * Real pictures of a folder, 8-bit RGB PNGs. Where it holds a folder a class, named by the class's name or number, their
 * classes are known, and equally many of each are taken. What the network sees in them stands beside what it sees in a variant's: the share that it takes for
 * what they are, and the shares in which it sees damage.
 *
 * @throws EvaluationRequestError where there are too few, one is no such PNG, or the folder is not laid out as {@link realFilesIn} wants it
 */
export async function realPictures(folder: string, options: RealPicturesOptions): Promise<ReferencePictures> {
  const { loaded, classes, cacheFolder } = options;
  const { network } = loaded;
  const { files, notes } = await realFilesIn(folder, classes, options.labelOf);
  if (files.length < 2) {
    const left = ['real ones are needed, twice as many as a variant has at best.', ...notes].join(' ');
    throw new EvaluationRequestError(`${folder} holds ${files.length} PNG pictures; ${left}`);
  }
  for (const note of notes) options.onNote?.(note);
  const path = join(cacheFolder, `seen-${loaded.key}.jsonl`);
  const { features, classes: seen, damages } = await featuresOfFiles(files, path, options);
  const labels = files.flatMap(({ label }) => label ?? []);
  const labelled = labels.length === files.length;
  return {
    name: basename(resolve(folder)),
    width: network.width,
    features,
    ...(labelled ? { labels: Int32Array.from(labels) } : {}),
    ...(labelled && seen ? { classAccuracy: classAccuracy(seen, labels) } : {}),
    ...(damages && network.damageNames ? { damages: corruptionShares(damages, network.damageNames) } : {}),
  };
}

/** A line of `seen-NETWORK.jsonl`. */
const seenSchema = v.object({
  /** See {@link keyOf}. */
  file: v.string(),
  ...seenEntries,
});

/** What a network finds in files, each of which it is shown once. */
async function featuresOfFiles(
  files: readonly RealFile[],
  path: string,
  { loaded: { network }, signal, onProgress, cacheFolder }: RealPicturesOptions,
): Promise<ExtractedFeatures> {
  const keys = await Promise.all(files.map(keyOf));
  const release = await takeLock(join(cacheFolder, 'lock'), `${cacheFolder} is being written`);
  try {
    const lines = (await readLines(path)).filter((line) => v.is(seenSchema, line));
    const seen = new Map<string, SeenPicture>(lines.map((line) => [line.file, line]));
    const unseen = [...keys.keys()].filter((i) => !seen.has(keys[i]!));
    const paths = unseen.map((i) => files[i]!.path);
    await assertRgbPngs(paths);
    await extractFiles(paths, {
      network,
      signal,
      async save(first, found) {
        const added = found.map((each, i) => ({ file: keys[unseen[first + i]!]!, ...each }));
        await appendLines(path, added);
        for (const line of added) seen.set(line.file, line);
        onProgress?.(files.length - unseen.length + first + found.length, files.length);
      },
    });
    return featuresIn(
      keys.map((key) => seen.get(key)!),
      network.width,
    );
  } finally {
    await release();
  }
}

/** Changes where a file does, or its place. */
async function keyOf({ path }: RealFile): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return createHash('sha256')
    .update(`${resolve(path)}\0${size}\0${mtimeMs}`)
    .digest('hex')
    .slice(0, 16);
}

/** Before an hour of showing pictures, of which the last may be another kind of file. */
async function assertRgbPngs(paths: readonly string[]): Promise<void> {
  const wrong: string[] = [];
  for (const path of paths) if (!(await isRgbPng(path))) wrong.push(path);
  if (wrong.length === 0) return;
  const more = wrong.length > NAMED ? `, and ${wrong.length - NAMED} more` : '';
  throw new EvaluationRequestError(
    `${wrong.length} of the real pictures ${wrong.length === 1 ? 'is no 8-bit RGB PNG' : 'are no 8-bit RGB PNGs'}: ` +
      `${wrong.slice(0, NAMED).join(', ')}${more}. Save them again as such, without transparency, or take them out.`,
  );
}

function featuresIn(pictures: readonly SeenPicture[], width: number): ExtractedFeatures {
  const features = new Float32Array(pictures.length * width);
  for (const [i, picture] of pictures.entries()) features.set(featuresOf(picture), i * width);
  const known = (of: (picture: SeenPicture) => number | null): Int32Array | null => {
    const numbers = pictures.flatMap((picture) => of(picture) ?? []);
    return numbers.length === pictures.length ? Int32Array.from(numbers) : null;
  };
  return {
    features,
    classes: known(({ seenClass }) => seenClass),
    damages: known(({ seenDamage }) => seenDamage),
  };
}
