import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { FeatureNetwork, ReferencePictures } from '@tessera/evaluate';
import { type Classes, classNameOf } from '@tessera/recipe';
import { readPng } from '../png-file.js';
import { UsageError } from '../usage-error.js';
import { writeWhole } from '../written-file.js';
import type { LoadedNetwork } from './feature-network-file.js';

export interface RealPicturesOptions {
  readonly loaded: LoadedNetwork;
  readonly classes: Classes;
  /** Where features are kept, so that the pictures are seen once. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  onProgress?(done: number, total: number): void;
}

/** Pictures that a network sees at once. */
const AT_ONCE = 48;

/**
 * Real pictures of a folder, 8-bit RGB PNGs. Where it holds a folder a class, named by the class's name or number, their
 * classes are known.
 *
 * @throws UsageError where there are too few, or a folder is of no class
 */
export async function realPictures(folder: string, options: RealPicturesOptions): Promise<ReferencePictures> {
  const { loaded, classes, cacheFolder } = options;
  const { network } = loaded;
  const files = await picturesIn(folder, classes);
  if (files.length < 2) {
    throw new UsageError(
      `${folder} holds ${files.length} PNG pictures; real ones are needed, twice as many as an arm has at best.`,
    );
  }
  const key = await keyOf(files, loaded.key);
  const features = await featuresOf(network, files, join(cacheFolder, `${key}.features`), options);
  const labels = files.map(({ label }) => label);
  return {
    name: basename(resolve(folder)),
    width: network.width,
    features,
    ...(labels.every((label) => label !== undefined) ? { labels: Int32Array.from(labels) } : {}),
  };
}

interface RealFile {
  readonly path: string;
  readonly label?: number;
}

async function picturesIn(folder: string, classes: Classes): Promise<RealFile[]> {
  if (!existsSync(folder)) throw new UsageError(`There is no folder ${folder}.`);
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.length === 0) return (await pngsIn(folder)).map((path) => ({ path }));
  const lists = await Promise.all(
    folders.sort().map(async (name) => {
      const label = labelOf(name, classes);
      return (await pngsIn(join(folder, name))).map((path) => ({ path, label }));
    }),
  );
  return lists.flat();
}

async function pngsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.png$/i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function labelOf(name: string, classes: Classes): number {
  const wanted = name.trim().toLowerCase();
  for (let label = 0; label < classes.count; label++) {
    const names = classNameOf(classes, label).toLowerCase().split(',');
    if (`${label}` === wanted || names.some((each) => each.trim() === wanted)) return label;
  }
  throw new UsageError(`The folder ${name} among the real pictures is no class of the model.`);
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

async function featuresOf(
  network: FeatureNetwork,
  files: readonly RealFile[],
  cachePath: string,
  { signal, onProgress }: RealPicturesOptions,
): Promise<Float32Array> {
  const features = new Float32Array(files.length * network.width);
  if (existsSync(cachePath)) {
    const bytes = await readFile(cachePath);
    for (const i of features.keys()) features[i] = bytes.readFloatLE(i * 4);
    return features;
  }
  for (let first = 0; first < files.length; first += AT_ONCE) {
    signal.throwIfAborted();
    const part = files.slice(first, first + AT_ONCE);
    const images = await Promise.all(part.map(async ({ path }) => (await readPng(path)).image));
    features.set((await network.extract(images)).features, first * network.width);
    onProgress?.(first + part.length, files.length);
  }
  const bytes = Buffer.alloc(features.length * 4);
  for (const [i, value] of features.entries()) bytes.writeFloatLE(value, i * 4);
  await writeWhole(cachePath, bytes);
  return features;
}
