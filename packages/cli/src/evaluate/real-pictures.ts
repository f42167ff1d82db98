import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  classAccuracy,
  damageShares,
  type FeatureNetwork,
  type Judgements,
  type ReferencePictures,
} from '@tessera/evaluate';
import type { Classes } from '@tessera/recipe';
import { readPng } from '../png-file.js';
import { UsageError } from '../usage-error.js';
import type { LoadedNetwork } from './feature-network-file.js';
import { type JudgementFile, readJudgements, writeJudgements } from './judgement-file.js';
import { type RealFile, realFilesIn } from './real-files.js';

export interface RealPicturesOptions {
  readonly loaded: LoadedNetwork;
  readonly classes: Classes;
  /** Where it is kept what the network sees, so that the pictures are seen once. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  /** Hears what was left out of the folder, a sentence each. */
  onNote?(line: string): void;
  onProgress?(done: number, total: number): void;
}

/** Pictures that a network sees at once. */
const AT_ONCE = 48;

/**
 * Real pictures of a folder, 8-bit RGB PNGs. Where it holds a folder a class, named by the class's name or number, their
 * classes are known, and equally many of each are taken. What the network sees in them stands beside what it sees in an arm's: the share that it takes for
 * what they are, and the shares in which it sees damage.
 *
 * @throws UsageError where there are too few, or the folder is not laid out as {@link realFilesIn} wants it
 */
export async function realPictures(folder: string, options: RealPicturesOptions): Promise<ReferencePictures> {
  const { loaded, classes, cacheFolder } = options;
  const { network } = loaded;
  const { files, notes } = await realFilesIn(folder, classes);
  if (files.length < 2) {
    const left = ['real ones are needed, twice as many as an arm has at best.', ...notes].join(' ');
    throw new UsageError(`${folder} holds ${files.length} PNG pictures; ${left}`);
  }
  for (const note of notes) options.onNote?.(note);
  const path = join(cacheFolder, `${await keyOf(files, loaded.key)}.seen`);
  const file = { path, count: files.length, width: network.width };
  const { features, classes: seen, damages } = await judgementsOf(network, files, file, options);
  const labels = files.flatMap(({ label }) => label ?? []);
  const labelled = labels.length === files.length;
  return {
    name: basename(resolve(folder)),
    width: network.width,
    features,
    ...(labelled ? { labels: Int32Array.from(labels) } : {}),
    ...(labelled && seen ? { classAccuracy: classAccuracy(seen, labels) } : {}),
    ...(damages && network.damageNames ? { damages: damageShares(damages, network.damageNames) } : {}),
  };
}

/** Changes where a file does, or its place, or the network. */
async function keyOf(files: readonly RealFile[], networkKey: string): Promise<string> {
  const hash = createHash('sha256').update(networkKey);
  for (const { path } of files) {
    const { size, mtimeMs } = await stat(path);
    hash.update(`${resolve(path)}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

async function judgementsOf(
  network: FeatureNetwork,
  files: readonly RealFile[],
  file: JudgementFile,
  { signal, onProgress }: RealPicturesOptions,
): Promise<Judgements> {
  const kept = await readJudgements(file);
  if (kept) return kept;
  const features = new Float32Array(files.length * network.width);
  const classes: number[] = [];
  const damages: number[] = [];
  for (let first = 0; first < files.length; first += AT_ONCE) {
    signal.throwIfAborted();
    const part = files.slice(first, first + AT_ONCE);
    const images = await Promise.all(part.map(async ({ path }) => (await readPng(path)).image));
    const seen = await network.extract(images);
    features.set(seen.features, first * network.width);
    classes.push(...(seen.classes ?? []));
    damages.push(...(seen.damages ?? []));
    onProgress?.(first + part.length, files.length);
  }
  const known = (numbers: readonly number[]): Int32Array | null =>
    numbers.length === files.length ? Int32Array.from(numbers) : null;
  const judgements = { features, classes: known(classes), damages: known(damages) };
  await writeJudgements(file, judgements);
  return judgements;
}
