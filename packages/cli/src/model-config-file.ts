import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  AutoencoderConfigJson,
  ConvertOptions,
  ModelConfigJson,
  TextEncoderConfigJson,
  VaeConfigJson,
} from '@tessera/convert';
import { type Manifest, parseDocument } from '@tessera/format';
import * as v from 'valibot';
import { readText } from './input-file.js';
import { UsageError } from './usage-error.js';

const settings = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), 'must be an object, not a list'),
  v.record(v.string(), v.unknown()),
);

/** Keys that are unknown here would be advice that nobody hears. */
const samplingSchema = v.strictObject({
  guidance_scale: v.optional(v.number()),
  cfg_schedule: v.optional(v.picklist(['constant', 'linear'])),
  temperature: v.optional(v.number()),
  x0_clamp: v.optional(v.union([v.number(), v.array(v.number())])),
  /** A sampler spec. */
  advice: v.optional(v.string()),
});

const whole = v.looseObject({
  mar: settings,
  vae: v.optional(settings),
  classes: v.optional(v.array(v.string())),
  sampling: v.optional(samplingSchema),
});

/** What a configuration file says about a checkpoint. */
export interface ModelConfigFile {
  readonly mar: Exclude<ModelConfigJson, string>;
  readonly vae?: VaeConfigJson;
  readonly classNames?: readonly string[];
  readonly sampling?: Partial<Manifest['sampling']>;
}

/**
 * Reads a MAR model's configuration: its sizes under the published code's names, or those under `mar`, beside `vae`,
 * `classes` and `sampling`. The sizes themselves are checked at conversion. Of guidance, scale and schedule may be given
 * alone: the other one is 3, or linear.
 *
 * @throws UsageError where the file can't be read or holds something else, unknown keys in `sampling` among it
 */
export async function readModelConfig(path: string): Promise<ModelConfigFile> {
  const json = await readSettings(path);
  const beside = ['vae', 'classes', 'sampling'].find((key) => !('mar' in json) && key in json);
  if (beside !== undefined) {
    throw new UsageError(`${path}: beside "${beside}" the model's sizes stand under "mar".`);
  }
  if (!('mar' in json)) return { mar: json as unknown as Exclude<ModelConfigJson, string> };
  const parsed = v.safeParse(whole, json);
  if (!parsed.success) throw new UsageError(`${path}: ${v.summarize(parsed.issues)}`);
  const { mar, vae, classes, sampling } = parsed.output;
  return {
    mar: mar as unknown as Exclude<ModelConfigJson, string>,
    ...(vae ? { vae: vae as unknown as VaeConfigJson } : {}),
    ...(classes ? { classNames: classes } : {}),
    ...(sampling ? { sampling: adviceOf(sampling) } : {}),
  };
}

function adviceOf({
  guidance_scale: scale,
  cfg_schedule: schedule,
  temperature,
  x0_clamp: clamp,
  advice,
}: v.InferOutput<typeof samplingSchema>): Partial<Manifest['sampling']> {
  const guided = scale !== undefined || schedule !== undefined;
  return {
    ...(guided ? { guidance: { schedule: schedule ?? 'linear', scale: scale ?? 3 } } : {}),
    ...(temperature === undefined ? {} : { temperature }),
    ...(clamp === undefined ? {} : { clamp }),
    ...(advice === undefined ? {} : { advice }),
  };
}

/** Reads an autoencoder's sizes under the published code's names. */
export async function readVaeConfig(path: string): Promise<VaeConfigJson> {
  return (await readSettings(path)) as unknown as VaeConfigJson;
}

/** The `config.json` of diffusers in an autoencoder's folder, where there is one. */
export async function readVaeConfigBeside(path: string): Promise<AutoencoderConfigJson | undefined> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const file = join(isFolder ? path : dirname(path), 'config.json');
  if (!(await stat(file).catch(() => undefined))?.isFile()) return undefined;
  const json = await readSettings(file);
  const isAutoencoder = json._class_name === 'AutoencoderKL' || json._class_name === 'AutoencoderDC';
  return isAutoencoder ? (json as unknown as AutoencoderConfigJson) : undefined;
}

/** Reads class names: a JSON array, or one name a line. */
export async function readClassNames(path: string): Promise<string[]> {
  const text = await readText(path);
  if (text.trimStart().startsWith('['))
    return parse(text, path, v.array(v.string()), 'a list of class names');
  return text.split(/\r?\n/).filter((line, i, lines) => line !== '' || i < lines.length - 1);
}

async function readSettings(path: string): Promise<Record<string, unknown>> {
  return parse(await readText(path), path, settings, 'a configuration');
}

function parse<Output>(
  text: string,
  path: string,
  schema: v.GenericSchema<unknown, Output>,
  what: string,
): Output {
  return parseDocument(
    text,
    schema,
    (problems) =>
      new UsageError(`${path} is not ${what}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`),
  );
}

/**
 * A text encoder's folder, as Hugging Face has it: `config.json`, or `text_encoder` in it, `tokenizer.json` and weights.
 *
 * @throws UsageError where the configuration or the tokenizer is missing
 */
export async function readTextEncoder(folder: string): Promise<NonNullable<ConvertOptions['text']>> {
  const json = await readSettings(join(folder, 'config.json'));
  const config = json.text_encoder ?? json;
  const tokenizer = join(folder, 'tokenizer.json');
  if (!existsSync(tokenizer)) {
    throw new UsageError(
      `${folder} has no tokenizer.json. Save it there with the fast tokenizer of transformers.`,
    );
  }
  const names = ['text-encoder.safetensors', 'model.safetensors'].map((name) => join(folder, name));
  const checkpoint = names.find((path) => existsSync(path)) ?? folder;
  return { checkpoint, config: config as TextEncoderConfigJson, tokenizer };
}
