import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertModel, type MarConfigJson } from '@tessera/convert';
import type { StorageType } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { inProcess } from './in-process.js';
import { CHECKPOINT_FILE, RANDOM_MODELS, writeRandomCheckpoint } from './random-checkpoint.js';

/** What is benchmarked. */
export interface BenchModel {
  readonly name: string;
  /** The model folder. */
  readonly folder: string;
  /** The checkpoint it was converted from, `config.json` and `mar.safetensors`; PyTorch loads the same one. */
  readonly checkpoint?: string;
}

/** How what is converted is. */
export interface BenchConversion {
  readonly dtype: StorageType;
  /** Whether it can reuse: see `caches` of `convertModel`. */
  readonly cached: boolean;
}

/**
 * Finds or makes a model.
 *
 * @param source `tiny`, the embedded model; `mar-b`, `mar-l` or `mar-h`, random weights of their sizes; a model folder
 *   (`mar.json`); or a checkpoint folder (`config.json`, `mar.safetensors`), which is converted
 * @param cacheFolder where what is made is kept
 */
export async function openBenchModel(
  source: string,
  cacheFolder: string,
  { dtype = 'fp16', cached = false }: Partial<BenchConversion> = {},
): Promise<BenchModel> {
  const conversion = { dtype, cached };
  if (source === 'tiny') return { name: 'model-tiny', folder: fileURLToPath(modelFolder) };
  const isRandom = source in RANDOM_MODELS;
  if (!isRandom && existsSync(join(source, 'mar.json'))) {
    return { name: basename(resolve(source)), folder: resolve(source) };
  }
  if (!isRandom && !existsSync(join(source, CHECKPOINT_FILE))) {
    throw new Error(
      `--model ${source}: neither a model folder (mar.json) nor a checkpoint folder (config.json, ${CHECKPOINT_FILE}).`,
    );
  }
  // The memory that weights are made and converted in must not count as the benchmark's.
  await inProcess('prepare', [source, cacheFolder, dtype, cached ? 'cached' : '']);
  const name = isRandom ? `${source.toUpperCase()} sizes, random weights` : basename(resolve(source));
  return { name, ...places(source, cacheFolder, conversion) };
}

/** Makes the checkpoint if there is none yet, and converts it anew, since the converter may have changed. */
export async function makeBenchModel(
  source: string,
  cacheFolder: string,
  conversion: BenchConversion,
): Promise<void> {
  const { folder, checkpoint } = places(source, cacheFolder, conversion);
  const sizes = RANDOM_MODELS[source];
  if (sizes && !existsSync(join(checkpoint, CHECKPOINT_FILE))) await writeRandomCheckpoint(checkpoint, sizes);
  const config = JSON.parse(await readFile(join(checkpoint, 'config.json'), 'utf8')) as
    | MarConfigJson
    | { readonly mar: MarConfigJson };
  await convertModel({
    mar: { checkpoint: join(checkpoint, CHECKPOINT_FILE), config: 'mar' in config ? config.mar : config },
    out: folder,
    dtype: conversion.dtype,
    ...(conversion.cached ? { caches: {} } : {}),
    name: 'benchmark',
    licence: 'none',
    source: checkpoint,
    overwrite: true,
  });
}

function places(
  source: string,
  cacheFolder: string,
  { dtype, cached }: BenchConversion,
): { folder: string; checkpoint: string } {
  const checkpoint = source in RANDOM_MODELS ? join(cacheFolder, source) : resolve(source);
  return {
    folder: join(cacheFolder, `${basename(checkpoint)}-${dtype}${cached ? '-cached' : ''}`),
    checkpoint,
  };
}
