import { TesseraError } from '@tessera/core';
import { describeModel, type ModelInUse } from '@tessera/evaluation-report/environment';
import { EMBEDDED, STORAGE_TYPES, type StorageType } from '@tessera/format';
import type { Device, LoadModelOptions } from '@tessera/runtime-node';
import { type Command, Option } from 'commander';
import type { CommandContext, Output } from './command-context.js';
import { assertModelFolder } from './input-file.js';
import { wholeNumberOption } from './number-options.js';

/** Options of every command that runs a model. */
export interface ModelFlags {
  readonly model?: string;
  readonly device: Device | 'auto';
  readonly dtype: 'auto' | StorageType;
  readonly threads?: number;
  readonly cache?: string;
}

const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'tensorrt', 'dml', 'coreml'];

/** @param options.model whether the model may be chosen, and so come from an address. @default true */
export function withModelOptions(command: Command, { model = true } = {}): Command {
  command.optionsGroup('Model and device:');
  if (model) {
    command
      .option('--model <folder|url>', 'the model (default: the embedded one)')
      .option('--cache <folder>', 'where models from an address are kept');
  }
  return command
    .addOption(new Option('--device <name>', 'what to run on').choices(DEVICES).default('auto'))
    .addOption(
      new Option('--dtype <type>', 'which stored weights to load')
        .choices(['auto', ...STORAGE_TYPES])
        .default('auto'),
    )
    .addOption(wholeNumberOption('--threads <n>', 'CPU threads (default: all)', 1))
    .optionsGroup('');
}

/** Loads the model that the flags ask for. */
export async function modelInUse(
  context: CommandContext,
  flags: ModelFlags,
  output: Output,
): Promise<ModelInUse> {
  const location = flags.model ?? EMBEDDED;
  if (location !== EMBEDDED) assertModelFolder(location);
  const options: LoadModelOptions = {
    device: flags.device,
    dtype: flags.dtype,
    signal: context.io.signal,
    onProgress({ phase, loadedBytes, totalBytes }) {
      const doing = phase === 'download' ? 'downloading the model' : 'checking the model';
      output.progress.update(totalBytes > 0 ? loadedBytes / totalBytes : 1, doing);
    },
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.cache === undefined ? {} : { cacheFolder: flags.cache }),
  };
  const model = await context.loadModel(location === EMBEDDED ? await embeddedModel() : location, options);
  output.progress.clear();
  for (const { device, reason } of model.fallbacks) {
    if (context.io.env.TESSERA_DEBUG) output.warn(`${device} was passed over: ${reason}`);
  }
  return describeModel(model, location);
}

/** The folder of the model that comes with the command. */
export async function embeddedModel(): Promise<URL> {
  try {
    const { modelFolder } = await import('@tessera/model-tiny');
    return modelFolder;
  } catch (cause) {
    throw new TesseraError(
      'embedded-model',
      'The embedded model is not installed. Install @tessera/model-tiny, or name another model by --model.',
      { cause },
    );
  }
}

/** `tessera-tiny on cpu, 2 threads, fp16 weights`. */
export function modelLine({ model }: Pick<ModelInUse, 'model'>): string {
  const threads = model.device === 'cpu' ? `, ${model.threads} thread${model.threads === 1 ? '' : 's'}` : '';
  return `${model.manifest.name} on ${model.device}${threads}, weights in ${model.dtype}`;
}
