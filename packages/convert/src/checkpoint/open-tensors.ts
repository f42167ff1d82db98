import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isCheckpointName } from '@tessera/format';
import { CheckpointFileError, CheckpointFormatError } from '../errors.js';
import { fileAccess } from './file-access.js';
import { joinTensors } from './join-tensors.js';
import { readTensors } from './read-tensors.js';
import type { TensorFile } from './tensor-file.js';
import type { TorchFile } from './torch-file.js';
import { isAveragedName } from './weight-copies.js';

const INDEX = /\.index\.json$/;
/** `model-00001-of-00003.safetensors`. */
const SHARD = /^(.*)-(\d{5,})-of-(\d{5,})\.(\w+)$/;
/** A published autoencoder, by its name: it often lies beside a model. */
const AUTOENCODER = /^(kl16|vae)\./i;

/**
 * Opens a checkpoint of any kind: see {@link readTensors}. One in several files is opened whole, whether its index, its folder
 * or any of its parts is named. A folder with a file of raw weights and one of averaged weights gives both, each under its
 * file's name as a prefix.
 *
 * @param path a file, or a folder
 * @throws CheckpointFileError if there is no such file, or it can't be opened
 * @throws CheckpointFormatError if it is damaged, hostile, or of another kind, which the message names, or a part is missing
 */
export async function openTensors(path: string): Promise<TensorFile | TorchFile> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return openFolder(path);
  if (INDEX.test(path)) return openIndex(path);
  const [, stem, , count, ending] = SHARD.exec(basename(path)) ?? [];
  if (count === undefined || Number(count) === 1) return openFile(path);
  const parts = Array.from({ length: Number(count) }, (_, i) => {
    const number = String(i + 1).padStart(count.length, '0');
    return `${stem}-${number}-of-${count}.${ending}`;
  });
  return openParts(path, dirname(path), parts);
}

async function openFile(path: string): Promise<TensorFile | TorchFile> {
  const source = await fileAccess(path);
  try {
    return await readTensors(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openFolder(folder: string): Promise<TensorFile | TorchFile> {
  const names = (await readdir(folder)).sort();
  const indices = names.filter((name) => INDEX.test(name));
  if (indices.length === 1) return openIndex(join(folder, indices[0]!));
  const files = names.filter(isCheckpointName);
  const shards = new Set(files.map((name) => SHARD.exec(name)?.[1]));
  if (files.length > 0 && shards.size === 1 && !shards.has(undefined))
    return openTensors(join(folder, files[0]!));
  const models = files.filter((name) => !AUTOENCODER.test(name));
  const [first, second, ...more] = models.length > 0 ? models : files;
  if (first !== undefined && second === undefined) return openFile(join(folder, first));
  const isPair =
    first !== undefined && second !== undefined && isAveragedName(first) !== isAveragedName(second);
  if (!isPair || more.length > 0) {
    const list =
      files.length > 0 ? `Name one of its checkpoints: ${files.join(', ')}` : 'It holds no checkpoint';
    throw new CheckpointFileError(folder, `it is a folder. ${list}`);
  }
  const prefixed = [first, second].map(
    (name) => [`${name.replace(/\.\w+$/, '')}.`, join(folder, name)] as const,
  );
  return joinTensors(folder, await openAll(prefixed));
}

async function openIndex(path: string): Promise<TensorFile> {
  const fail = (detail: string): never => {
    throw new CheckpointFormatError(path, 'shards', detail);
  };
  let index: unknown;
  try {
    index = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError) return fail('it is not JSON. Download it again');
    throw new CheckpointFileError(path, (cause as Error).message, { cause });
  }
  const map = Object.entries((index as { weight_map?: unknown } | null)?.weight_map ?? {});
  const files = [...new Set(map.map(([, file]) => file))];
  const isPart = (file: unknown): file is string =>
    typeof file === 'string' && basename(file) === file && file !== '..';
  if (files.length === 0 || !files.every(isPart)) {
    return fail('it is no index: it has no "weight_map" of tensors and files beside it');
  }
  const joined = await openParts(path, dirname(path), files);
  const lost = map.find(([name]) => !joined.has(name));
  if (lost) {
    await joined.close();
    return fail(`"${lost[0]}" is not in ${lost[1]}. Download that file again`);
  }
  return joined;
}

/** Opens files as one; what is missing is named in full. */
async function openParts(path: string, folder: string, files: readonly string[]): Promise<TensorFile> {
  const there = new Set(await readdir(folder).catch(() => []));
  const missing = files.filter((file) => !there.has(file));
  if (missing.length > 0) {
    const lack = `${files.length - missing.length} of ${files.length} files are there; missing: ${missing.join(', ')}`;
    throw new CheckpointFormatError(path, 'shards', `it is part of a checkpoint in several files. ${lack}`);
  }
  return joinTensors(path, await openAll(files.map((file) => ['', join(folder, file)] as const)));
}

async function openAll(
  files: readonly (readonly [prefix: string, path: string])[],
): Promise<(readonly [prefix: string, file: TensorFile])[]> {
  const opened: (readonly [string, TensorFile])[] = [];
  try {
    for (const [prefix, path] of files) opened.push([prefix, await openFile(path)]);
    return opened;
  } catch (error) {
    await Promise.all(opened.map(([, file]) => file.close()));
    throw error;
  }
}
