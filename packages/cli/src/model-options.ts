import { TesseraError } from '@tessera/core';
import { describeModel, type ModelInUse } from '@tessera/evaluation-report/environment';
import {
  EMBEDDED,
  EMBEDDED_TEXT,
  isCheckpointName,
  PRECISIONS,
  type Precision,
  STORAGE_TYPES,
  type StorageType,
} from '@tessera/format';
import type { Device, LoadModelOptions, LoadProgress } from '@tessera/runtime-node';
import { type Command, Option } from 'commander';
import type { CommandContext, Output } from './command-context.js';
import { assertModelSource } from './input-file.js';
import { repeatableOption, wholeNumberOption } from './number-options.js';
import { UsageError } from './usage-error.js';
import { weightsNotice } from './weights-notice.js';

/** Options of every command that runs a model. */
export interface ModelFlags {
  readonly model?: string;
  readonly device: Device | 'auto';
  readonly dtype: 'auto' | StorageType;
  readonly precision?: Precision;
  readonly threads?: number;
  readonly cache?: string;
  readonly vae?: string;
  readonly header?: readonly string[];
}

const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'tensorrt', 'dml', 'coreml'];

/** Options of what is fetched from elsewhere. */
export function withFetchOptions(command: Command): Command {
  return command
    .option('--cache <folder>', 'where models from an address, and converted checkpoints, are stored')
    .addOption(
      repeatableOption(
        '--header <text>',
        'a header of each request, such as "Authorization: Bearer …" (of a hub: HF_TOKEN)',
      ),
    );
}

/**
 * @param options.model whether the model may be chosen, and so come from elsewhere. @default true
 * @param options.precision whether the arithmetic may be chosen: not where pictures of several runs are to be of one kind. @default
 *   false
 */
export function withModelOptions(command: Command, { model = true, precision = false } = {}): Command {
  command.optionsGroup('Model and device:');
  if (model) {
    command
      .option(
        '--model <source>',
        'a folder, a checkpoint, https://… or hf:owner/name[@revision][/path] (default: the embedded models, one for classes and one for prompts)',
      )
      .option('--vae <source>', "a checkpoint's autoencoder (default: kl16.* beside it)");
    withFetchOptions(command);
  }
  command
    .addOption(new Option('--device <name>', 'what to run on').choices(DEVICES).default('auto'))
    .addOption(
      new Option('--dtype <type>', 'which stored weights to load')
        .choices(['auto', ...STORAGE_TYPES])
        .default('auto'),
    );
  if (precision) {
    command.addOption(
      new Option('--precision <type>', 'what products are computed in, where the device has it')
        .choices(PRECISIONS)
        .default('fp32'),
    );
  }
  return command
    .addOption(wholeNumberOption('--threads <n>', 'CPU threads (default: all)', 1))
    .optionsGroup('');
}

/** Loads the model that the flags ask for, by default an embedded one, which draws prompts or classes. */
export async function modelInUse(
  context: CommandContext,
  flags: ModelFlags,
  output: Output,
  { prompts = false } = {},
): Promise<ModelInUse> {
  const location = flags.model ?? (prompts ? EMBEDDED_TEXT : EMBEDDED);
  if (!isEmbedded(location)) assertModelSource(location);
  const options: LoadModelOptions = {
    device: flags.device,
    dtype: flags.dtype,
    ...(flags.precision === undefined ? {} : { precision: flags.precision }),
    signal: context.io.signal,
    onProgress: (progress) => showLoading(progress, output),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...fetchOptions(flags),
    ...(flags.vae === undefined ? {} : { checkpoint: { vae: flags.vae } }),
  };
  const model = await context.loadModel(await placeOf(location), options);
  output.progress.clear();
  for (const { device, reason } of model.fallbacks) {
    if (context.io.env.TESSERA_DEBUG) output.warn(`${device} was passed over: ${reason}`);
  }
  if (model.precisionReason !== undefined) output.warn(`Computed in fp32: ${model.precisionReason}`);
  // Of a folder, the conversion has told.
  const notice = isCheckpointName(location) ? weightsNotice(model.manifest) : undefined;
  if (notice !== undefined) output.warn(notice);
  return describeModel(model, location);
}

/** What flags say of fetching. @throws UsageError for what is no header */
export function fetchOptions({
  cache,
  header = [],
}: Pick<ModelFlags, 'cache' | 'header'>): Pick<LoadModelOptions, 'cacheFolder' | 'headers'> {
  const headers = header.map((text) => {
    const [, name, value] = /^([\w-]+)\s*:\s*(\S.*)$/.exec(text) ?? [];
    if (!name || !value) {
      throw new UsageError(`--header takes "Name: value", such as "Authorization: Bearer …", not "${text}".`);
    }
    return [name, value];
  });
  return {
    ...(cache === undefined ? {} : { cacheFolder: cache }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) as Record<string, string> }),
  };
}

const LOADING: Readonly<Record<LoadProgress['phase'], string>> = {
  download: 'downloading',
  check: 'checking',
  convert: 'converting',
  prepare: 'preparing',
};

/** Shows how far loading is: which part of it, and of what. */
export function showLoading(
  { phase, file, loadedBytes, totalBytes }: LoadProgress,
  { progress }: Pick<Output, 'progress'>,
): void {
  const bytes =
    phase === 'download' ? `, ${(loadedBytes / 1e6).toFixed(1)} of ${(totalBytes / 1e6).toFixed(1)} MB` : '';
  progress.update(totalBytes > 0 ? loadedBytes / totalBytes : 1, `${LOADING[phase]} ${file}${bytes}`);
}

const EMBEDDED_MODELS = {
  [EMBEDDED]: {
    name: '@tessera/model-tiny',
    folder: async () => (await import('@tessera/model-tiny')).modelFolder,
  },
  [EMBEDDED_TEXT]: {
    name: '@tessera/model-tiny-text',
    folder: async () => (await import('@tessera/model-tiny-text')).modelFolder,
  },
} as const;

export type Embedded = keyof typeof EMBEDDED_MODELS;
export const EMBEDDED_LOCATIONS = [EMBEDDED, EMBEDDED_TEXT] as const;

function isEmbedded(location: string): location is Embedded {
  return Object.hasOwn(EMBEDDED_MODELS, location);
}

/** Where a location's model lies: an embedded one's folder, or the location itself. */
export async function placeOf(location: string): Promise<string | URL> {
  return isEmbedded(location) ? embeddedModel(location) : location;
}

/** The folder of a model that comes with the command. @throws TesseraError `embedded-model` where it isn't installed */
export async function embeddedModel(location: Embedded = EMBEDDED): Promise<URL> {
  const { name, folder } = EMBEDDED_MODELS[location];
  try {
    return await folder();
  } catch (cause) {
    throw new TesseraError(
      'embedded-model',
      `The embedded model is not installed. Install ${name}, or name another model by --model.`,
      { cause },
    );
  }
}

/** `tessera-tiny on cpu, 2 threads, weights in fp16`. */
export function modelLine({ model }: Pick<ModelInUse, 'model'>): string {
  const threads = model.device === 'cpu' ? `, ${model.threads} thread${model.threads === 1 ? '' : 's'}` : '';
  const arithmetic = model.precision === 'fp16' ? ', computed in fp16' : '';
  return `${model.manifest.name} on ${model.device}${threads}, weights in ${model.dtype}${arithmetic}`;
}
