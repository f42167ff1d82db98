import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConvertOptions, MarConfigJson, MarPreset, VaeConfigJson, WeightsKind } from '@tessera/convert';
import { type ModelSource, parseModelSource, type StorageType } from '@tessera/format';
import { ModelFileError } from '@tessera/onnx';
import { openGraph } from '../open-graph.js';
import { type CheckpointSource, type FetchOptions, findCheckpoint } from './checkpoint-source.js';

/** How a checkpoint is converted before it is loaded. */
export interface CheckpointOptions {
  /** Where the autoencoder is: a file, an address, or `hf:owner/name/path`. @default a file `kl16.*` beside the checkpoint */
  readonly vae?: string;
  /** Sizes, for what no tensor's shape tells. @default those of the released model that fits */
  readonly config?: MarConfigJson | MarPreset;
  /** The autoencoder's sizes. @default KL-16's */
  readonly vaeConfig?: VaeConfigJson;
  /** Which copy of the weights to take. @default averaged ones, if the file has them */
  readonly weights?: WeightsKind;
}

export interface ConvertedFolderOptions extends FetchOptions {
  readonly cacheFolder: string;
  readonly dtype: StorageType | 'auto';
  readonly checkpoint?: CheckpointOptions | undefined;
}

/**
 * The model folder of a checkpoint, converted when it is first asked for, and then from the cache.
 *
 * @returns its path
 * @throws ModelFileError, what `convertModel` throws, the signal's reason
 */
export async function convertedFolder(source: ModelSource, options: ConvertedFolderOptions): Promise<string> {
  const { cacheFolder, dtype, checkpoint: { vae: vaeText, ...choice } = {} } = options;
  const mar = await findCheckpoint(source, cacheFolder, options);
  const vae =
    vaeText === undefined ? mar.vae : await findCheckpoint(parseModelSource(vaeText), cacheFolder, options);
  if (!vae) {
    throw new ModelFileError(
      mar.name,
      'no autoencoder (kl16.*) lies beside it, without which there are no pictures. Name one: --vae FILE in the command, checkpoint: { vae } in loadModel.',
    );
  }
  const storage = dtype === 'auto' ? 'fp16' : dtype;
  const key = JSON.stringify([1, mar.identity, vae.identity, storage, choice]);
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const folder = join(cacheFolder, 'converted', `${stemOf(mar.name).slice(0, 40)}-${hash}`);
  if (!existsSync(join(folder, 'mar.json'))) await convert(mar, vae, folder, storage, options);
  return folder;
}

async function convert(
  mar: CheckpointSource,
  vae: CheckpointSource,
  out: string,
  dtype: NonNullable<ConvertOptions['dtype']>,
  { checkpoint: { config, vaeConfig, weights } = {}, signal, onProgress }: ConvertedFolderOptions,
): Promise<void> {
  const [marFile, vaeFile] = [await mar.fetch(), await vae.fetch()];
  const { convertModel, OutputExistsError } = await import('@tessera/convert');
  try {
    await convertModel({
      mar: { checkpoint: marFile, ...(config ? { config } : {}), ...(weights ? { weights } : {}) },
      vae: { checkpoint: vaeFile, config: vaeConfig ?? 'kl16' },
      out,
      dtype,
      name: stemOf(mar.name),
      licence: 'unknown',
      source: mar.name,
      // What was written is compared with a forward pass of its own, so that wrong head counts are found.
      openGraph,
      ...(signal ? { signal } : {}),
      onProgress: ({ item, done, total }) =>
        onProgress?.({ phase: 'convert', file: item, loadedBytes: done, totalBytes: total }),
    });
  } catch (error) {
    // Another process has converted the same meanwhile.
    if (!OutputExistsError.isInstance(error)) throw error;
  }
}

const stemOf = (name: string): string => name.replace(/\.(safetensors\.index\.json|[^.]*)$/, '');
