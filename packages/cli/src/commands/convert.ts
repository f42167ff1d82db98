import { basename, dirname } from 'node:path';
import type {
  AutoencoderConfigJson,
  ConvertOptions,
  ConvertReport,
  ModelPreset,
  TakenWeights,
  VaeConfigJson,
} from '@tessera/convert';
import { type Manifest, parseModelSource, STORAGE_TYPES, type StorageType } from '@tessera/format';
import type { FetchedCheckpoint } from '@tessera/runtime-node';
import { Command, Option } from 'commander';
import { type CommandContext, type Output, outputOf } from '../command-context.js';
import {
  readClassNames,
  readModelConfig,
  readTextEncoder,
  readVaeConfig,
  readVaeConfigBeside,
} from '../model-config-file.js';
import { fetchOptions, type ModelFlags, showLoading, withFetchOptions } from '../model-options.js';
import { decimalOption, repeatableOption, wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { shellWord } from '../shell-word.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';
import { weightsNotice } from '../weights-notice.js';

interface ConvertFlags extends Pick<ModelFlags, 'cache' | 'header'> {
  readonly config?: string;
  readonly preset?: ModelPreset;
  readonly heads?: number;
  readonly vae?: string;
  readonly text?: string;
  readonly vaeConfig?: string;
  readonly vaePreset?: 'kl16';
  readonly ignore?: readonly string[];
  readonly weights?: 'raw' | 'averaged';
  readonly vaeIgnore?: readonly string[];
  readonly out: string;
  readonly dtype: StorageType;
  readonly headDtype?: StorageType;
  readonly vaeDtype?: StorageType;
  readonly cached?: boolean;
  readonly name?: string;
  readonly licence: string;
  readonly source?: string;
  readonly classes?: string;
  readonly guidance?: number;
  readonly guidanceSchedule?: 'constant' | 'linear';
  readonly temperature?: number;
  readonly clamp?: number;
  readonly autoencoder?: boolean;
  readonly parity: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

export function convertCommand(context: CommandContext): Command {
  const command = withOutputOption(new Command('convert'), 'folder', 'the model folder to write', null)
    .description('Turn a MAR checkpoint into a model folder.')
    .argument(
      '<checkpoint>',
      'the MAR weights under the published key names: a file, https://… or hf:owner/name/file',
    )
    .option('--config <file>', 'their sizes, JSON, under the published names')
    .addOption(
      new Option('--preset <name>', 'the sizes of a released model (default: what the tensors tell)')
        .choices(['mar-base', 'mar-large', 'mar-huge', 'lightgen', 'nitro-ar'])
        .conflicts('config'),
    )
    .addOption(
      wholeNumberOption(
        '--heads <n>',
        'attention heads, which no tensor tells (default: by the other sizes)',
        1,
      ),
    )
    .option(
      '--vae <path>',
      'the autoencoder, a file or its folder; without it, or kl16.* beside on a hub, there are no pictures',
    )
    .option(
      '--text <folder>',
      'the text encoder of a model that takes text, or hf:owner/name: config.json, tokenizer.json and weights',
    )
    .option(
      '--vae-config <file>',
      'its sizes, JSON (default: "vae" in --config, else config.json of diffusers beside it, else kl16)',
    )
    .addOption(
      new Option('--vae-preset <name>', 'the sizes of a released one')
        .choices(['kl16'])
        .conflicts('vaeConfig'),
    )
    .addOption(repeatableOption('--ignore <prefix>', 'keys of the checkpoint to pass over, repeatable'))
    .addOption(
      new Option(
        '--weights <kind>',
        'which copy to take where the checkpoint has both (default: averaged)',
      ).choices(['raw', 'averaged']),
    )
    .addOption(repeatableOption('--vae-ignore <prefix>', 'the same for the autoencoder'))
    .addOption(new Option('--dtype <type>', 'how to store weights').choices(STORAGE_TYPES).default('fp16'))
    .addOption(
      new Option('--head-dtype <type>', "the diffusion head's (default: --dtype)").choices(STORAGE_TYPES),
    )
    .addOption(
      new Option('--vae-dtype <type>', "the autoencoder's (default: fp32 or fp16, as --dtype)").choices(
        STORAGE_TYPES,
      ),
    )
    .option(
      '--cached',
      'graphs with caches as well, for lazymar and /lazy, which then take about twice the memory',
    )
    .option('--name <name>', "the model's name (default: the checkpoint's)")
    .option('--licence <name>', 'the licence of the weights', 'unknown')
    .option('--source <text>', 'where the weights come from (default: the file name)')
    .option(
      '--classes <file>',
      "class names, one a line or a JSON array (default: ImageNet's for released models)",
    )
    .addOption(decimalOption('--guidance <scale>', 'advised guidance scale'))
    .addOption(new Option('--guidance-schedule <kind>', 'advised schedule').choices(['constant', 'linear']))
    .addOption(decimalOption('--temperature <t>', 'advised temperature'))
    .addOption(decimalOption('--clamp <limit>', 'advised limit of x0'))
    .option('--autoencoder', 'the checkpoint is an autoencoder, to be converted by itself')
    .option('--no-parity', "don't run the model, to check it and to record a reference sample")
    .option('--overwrite', 'replace the model folder that is there')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`The configuration file holds the sizes (encoder_embed_dim, encoder_num_heads, …), or an object
with "mar", "vae", "classes" and "sampling". What it leaves out is read off the tensors; head
counts can't be, but those of the released models are known.

Examples:
  tessera convert checkpoint-last.pth --vae kl16.ckpt --out mar-b
  tessera convert Nitro-AR-512px-GAN.safetensors --vae dc-ae.safetensors --out nitro-ar
  tessera convert hf:owner/name/mar-base.safetensors --out mar-b
  tessera convert mine.safetensors --config mine.json --vae vae.safetensors --out mine --dtype fp32`),
    )
    .action((checkpoint: string, flags: ConvertFlags) => convert(context, checkpoint, flags));
  return withFetchOptions(command);
}

async function convert(context: CommandContext, checkpoint: string, flags: ConvertFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const { signal } = context.io;
  const located = await fetched(checkpoint, flags, context, output);
  if (flags.autoencoder) return convertAlone(located, output, signal);
  const options = await conversionOf(located);
  const { convertModel } = await import('@tessera/convert');
  const { openGraph, recordSample } = await import('@tessera/runtime-node');
  const { bytesText, weightsMemory } = await import('@tessera/onnx');
  const report = await convertModel({
    ...options,
    ...(flags.parity ? { openGraph, recordSample } : {}),
    signal,
    onProgress: ({ phase, item, done, total }) =>
      output.progress.update(done / total, `${PHASE_VERBS[phase] ?? 'checking'} ${item}`),
  });
  const { manifest, forward } = report;
  output.progress.clear();
  const { style } = context;
  const { mar, vae } = report.parameters;
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  output.print(`${style.green('done')}  ${style.bold(flags.out)}`);
  output.print(
    `  model    ${manifest.name}: ${millions(mar)} parameters${vae > 0 ? `, autoencoder ${millions(vae)}` : ''}`,
  );
  for (const line of weightsLines(report)) output.print(`  weights  ${line}`);
  output.print(
    `  stored   ${manifest.files.length} files, ${(bytes / 1e6).toFixed(1)} MB, weights in ${storageText(manifest)}`,
  );
  const memoryBytes = weightsMemory(manifest, manifest.variants[0]!.dtype);
  output.print(`  memory   at least ${bytesText(memoryBytes)} for its weights on a CPU`);
  if (report.keptFloat32.length > 0) {
    output.print(`  fp32     kept for what fp16 can't hold: ${report.keptFloat32.join(', ')}`);
  }
  for (const missing of report.interrupted) {
    const end = missing.length > 0 ? `it had written ${missing.join(', ')}` : 'its graphs were checked';
    output.print(`  note     removed an earlier conversion that was stopped before ${end}`);
  }
  const notice = flags.weights === undefined ? weightsNotice(manifest) : undefined;
  if (notice !== undefined) output.warn(notice);
  if (!options.vae) output.print('  note     without an autoencoder (--vae) it makes tokens, not pictures');
  for (const [i, { output: name, error, allowed }] of forward.entries()) {
    const title = i === 0 ? 'parity' : '      ';
    output.print(
      `  ${title}   ${name.padEnd(8)} off by ${percent(error)} of a float64 forward pass, ${percent(allowed)} allowed`,
    );
  }
  if (vae > 0) {
    const asked = manifest.condition.kind === 'class' ? '--index 0' : '"a red fox"';
    output.print(`\nTry it:  tessera generate ${asked} --model ${shellWord(flags.out)} --out picture.png`);
  }
  output.result({
    folder: report.folder,
    parameters: report.parameters,
    weights: { ...report.taken, avoided: report.avoided, zeros: report.zeros },
    bytes,
    memoryBytes,
    parity: flags.parity ? { passed: true, checks: forward } : null,
    manifest,
  });
}

const PHASE_VERBS: Readonly<Record<string, string>> = { weights: 'converting', record: 'recording' };

/** Converts an autoencoder by itself: `decoder.onnx` and `encoder.onnx`. */
async function convertAlone(
  { checkpoint, ...flags }: ConvertFlags & { readonly checkpoint: string },
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const config = await vaeConfigOf(flags, checkpoint);
  const { convertAutoencoder } = await import('@tessera/convert');
  const { decoder, encoder } = await convertAutoencoder({
    checkpoint,
    config,
    out: flags.out,
    overwrite: flags.overwrite ?? false,
    dtype: flags.vaeDtype ?? flags.dtype,
    ...(flags.vaeIgnore ? { ignore: flags.vaeIgnore } : {}),
    signal,
  });
  output.progress.clear();
  output.print(`done  ${decoder}\n      ${encoder}`);
  output.result({ decoder, encoder });
}

/** The flags with files on the disk in place of those from elsewhere, and the file of the checkpoint. */
async function fetched(
  checkpoint: string,
  flags: ConvertFlags,
  { io }: CommandContext,
  output: Output,
): Promise<ConvertFlags & { readonly checkpoint: string }> {
  const local = async (location: string): Promise<FetchedCheckpoint> => {
    if (parseModelSource(location).kind === 'path') return { checkpoint: location };
    const { fetchCheckpoint } = await import('@tessera/runtime-node');
    return fetchCheckpoint(location, {
      ...fetchOptions(flags),
      signal: io.signal,
      onProgress: (progress) => showLoading(progress, output),
    });
  };
  const found = await local(checkpoint);
  const text = flags.text === undefined ? undefined : await textFolder(flags.text, local);
  const vae = flags.vae === undefined ? found.vae : (await local(flags.vae)).checkpoint;
  const source = flags.source ?? (found.checkpoint === checkpoint ? basename(checkpoint) : checkpoint);
  return {
    ...flags,
    ...(vae === undefined ? {} : { vae }),
    ...(text === undefined ? {} : { text }),
    source,
    checkpoint: found.checkpoint,
  };
}

/** The folder of a text encoder, of whose repository on a hub the files needed are brought to the disk. */
async function textFolder(
  location: string,
  fetch: (location: string) => Promise<FetchedCheckpoint>,
): Promise<string> {
  if (parseModelSource(location).kind !== 'hub') return location;
  for (const file of ['tokenizer.json', 'model.safetensors']) await fetch(`${location}/${file}`);
  const { checkpoint: config } = await fetch(`${location}/config.json`);
  return dirname(config);
}

/** Which copy of the weights was taken, how to take another one, and what was passed over. */
function weightsLines({ taken, avoided, zeros, manifest }: ConvertReport): string[] {
  const { others, trainingKeys } = taken;
  const nameOf = ({ kind, prefix }: Pick<TakenWeights, 'kind' | 'prefix'>): string =>
    prefix === '' ? `${kind}, without a prefix` : `${kind}, ${prefix}`;
  const isOnly = manifest.weights === 'unknown';
  const reason = avoided.length > 0 ? `: ${avoided[0]!.tensor} is unusable` : '';
  return [
    isOnly ? 'the only copy, raw or averaged: its names do not tell' : nameOf(taken),
    ...others.map((other) => {
      const flag = other.isIgnored ? 'ignored' : `--weights ${other.kind} takes it`;
      return `not taken: ${nameOf(other)}${other.kind === taken.kind ? '' : ` (${flag})`}${reason}`;
    }),
    ...list('passed over, of the training', trainingKeys),
    ...list('all zeros', zeros),
  ];
}

function list(title: string, [first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  return [`${title}: ${first}${others.length > 0 ? ` and ${others.length} more` : ''}`];
}

/** An autoencoder's sizes: those that are named, those of the model's configuration, or of diffusers' in or beside `path`. */
async function vaeConfigOf(
  { vaeConfig, vaePreset }: ConvertFlags,
  path: string | undefined,
  ofModel?: VaeConfigJson,
): Promise<AutoencoderConfigJson> {
  if (vaeConfig) return readVaeConfig(vaeConfig);
  const beside = async () => (path === undefined ? undefined : await readVaeConfigBeside(path));
  return vaePreset ?? ofModel ?? (await beside()) ?? 'kl16';
}

async function conversionOf({
  checkpoint,
  ...flags
}: ConvertFlags & { readonly checkpoint: string }): Promise<ConvertOptions> {
  const file = flags.config === undefined ? undefined : await readModelConfig(flags.config);
  const heads = flags.heads && { encoder_num_heads: flags.heads, decoder_num_heads: flags.heads };
  const config = flags.preset ?? (heads || file ? { ...file?.mar, ...heads } : undefined);
  const vaeConfig = await vaeConfigOf(flags, flags.vae, file?.vae);
  if (!flags.vae && (flags.vaeConfig || flags.vaePreset || flags.vaeIgnore)) {
    throw new UsageError('--vae names the file of the autoencoder whose sizes are given.');
  }
  const classNames = flags.classes === undefined ? file?.classNames : await readClassNames(flags.classes);
  const fileName = basename(checkpoint);
  return {
    mar: {
      checkpoint,
      ...(config ? { config } : {}),
      ...(flags.ignore ? { ignore: flags.ignore } : {}),
      ...(flags.weights ? { weights: flags.weights } : {}),
    },
    ...(flags.vae
      ? {
          vae: {
            checkpoint: flags.vae,
            config: vaeConfig,
            ...(flags.vaeIgnore ? { ignore: flags.vaeIgnore } : {}),
          },
        }
      : {}),
    ...(flags.text === undefined ? {} : { text: await readTextEncoder(flags.text) }),
    out: flags.out,
    dtype: {
      transformer: flags.dtype,
      head: flags.headDtype ?? flags.dtype,
      autoencoder: flags.vaeDtype ?? (flags.dtype === 'fp32' ? 'fp32' : 'fp16'),
    },
    ...(flags.cached ? { caches: {} } : {}),
    name: flags.name ?? fileName.replace(/\.\w+$/, ''),
    licence: flags.licence,
    source: flags.source ?? fileName,
    ...(classNames ? { classNames } : {}),
    sampling: advice(flags, file?.sampling),
    overwrite: flags.overwrite ?? false,
  };
}

/** What flags and the file advise; the rest is as published. */
function advice(
  { guidance: scale, guidanceSchedule: schedule, temperature, clamp }: ConvertFlags,
  file: Partial<Manifest['sampling']> = {},
): NonNullable<ConvertOptions['sampling']> {
  return {
    ...file,
    guidance: {
      ...file.guidance,
      ...(schedule === undefined ? {} : { schedule }),
      ...(scale === undefined ? {} : { scale }),
    },
    ...(temperature === undefined ? {} : { temperature }),
    ...(clamp === undefined ? {} : { clamp }),
  };
}

function storageText({ variants }: Manifest): string {
  const { dtype, parts } = variants[0]!;
  return parts ? `${dtype}, the head's in ${parts.head}, the autoencoder's in ${parts.autoencoder}` : dtype;
}

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

function millions(count: number): string {
  return `${(count / 1e6).toFixed(count < 1e8 ? 2 : 0)} M`;
}
