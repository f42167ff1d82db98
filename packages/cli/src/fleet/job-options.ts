import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { jobPicture, type ShardJob } from '@tessera/fleet';
import { type Picture, type Recipe, recipeOf, USUAL_BATCH } from '@tessera/format';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { assertRecipeFits } from '../assert-recipe-fits.js';
import type { CommandContext, Output } from '../command-context.js';
import { type ModelFlags, modelInUse, withModelOptions } from '../model-options.js';
import { seedOption, wholeNumberOption } from '../number-options.js';
import {
  assertTakesPrompts,
  type PromptFlags,
  promptsFrom,
  takesPrompts,
  warnOfUnknownWords,
  withPromptOptions,
} from '../picture-options.js';
import { type SamplingFlags, samplingChoice, withSamplingOptions } from '../sampling-options.js';
import { sizeOption } from '../size-option.js';

/** What names a job: many pictures of one recipe, in shards. */
export interface JobFlags extends ModelFlags, SamplingFlags, PromptFlags {
  readonly pictures: readonly [from: number, to: number];
  readonly of: number;
  readonly seed: number;
  readonly policy?: string;
  readonly size?: NonNullable<Recipe['size']>;
}

/** Arguments and options that every machine of a job is given alike. */
export function withJobOptions(command: Command): Command {
  withPromptOptions(command)
    .addOption(
      new Option('--pictures <from-to>', 'the numbers of all pictures, e.g. 0-9999')
        .argParser(rangeFrom)
        .makeOptionMandatory(),
    )
    .addOption(wholeNumberOption('--of <n>', 'how many shards there are', 1).makeOptionMandatory())
    .addOption(seedOption())
    .addOption(sizeOption())
    .option('--policy <spec>', 'a policy (default: what the model advises)');
  withSamplingOptions(command, { policy: true });
  return withModelOptions(command);
}

function rangeFrom(text: string): readonly [number, number] {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (from === undefined || Number(to) < Number(from))
    throw new InvalidArgumentError('It must be two numbers such as 0-9999, the smaller first.');
  return [Number(from), Number(to)];
}

/**
 * Loads the model of a job and uses both. The model is disposed afterwards.
 *
 * @throws SamplerSpecError before the model is loaded
 * @throws UsageError where the model takes something else
 */
export async function withJob<Result>(
  context: CommandContext,
  words: readonly string[],
  flags: JobFlags,
  output: Output,
  use: (job: ShardJob, used: ModelInUse) => Promise<Result>,
): Promise<Result> {
  const choice = samplingChoice(flags, flags.policy);
  const prompts = await promptsFrom(words, flags);
  const used = await modelInUse(context, flags, output, { prompts: takesPrompts(prompts, flags) });
  try {
    const { model, identity, made } = used;
    const { manifest } = model;
    assertTakesPrompts(manifest, prompts, flags);
    const { size, negative, seed, of } = flags;
    const sampling = choice(manifest.sampling);
    const { images: _, ...recipe } = recipeOf({
      ...{ model: identity, seed, sampling, ...(size ? { size } : {}) },
      ...{ made, pictures: [] },
    });
    assertRecipeFits(recipe, model);
    const [from, to] = flags.pictures;
    const job: ShardJob = {
      ...{ recipe, from, to, of },
      ...(prompts.length === 0 ? {} : { prompts }),
      ...(negative === undefined ? {} : { negativePrompt: negative }),
    };
    await warnOfUnknownWords(promptedPictures(job, used), model, output);
    return await use(job, used);
  } finally {
    await used.model.dispose();
  }
}

/** A picture of each prompt. */
function promptedPictures(job: ShardJob, { model }: ModelInUse): Picture[] {
  return (job.prompts ?? []).map((_, index) => jobPicture(job, model.manifest, index));
}

/** Pictures at once, for whoever draws shards. */
export const batchOption = (): Option =>
  wholeNumberOption('--batch <n>', `pictures at once (${USUAL_BATCH})`, 1);
