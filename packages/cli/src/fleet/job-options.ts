import type { ModelInUse } from '@tessera/evaluation-report/environment';
import type { ShardJob } from '@tessera/fleet';
import { assertSamplingFits, recipeOf } from '@tessera/format';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ModelFlags, withModelOptions } from '../model-options.js';
import { seedOption, wholeNumberOption } from '../number-options.js';
import { type SamplingFlags, samplingChoice, withSamplingOptions } from '../sampling-options.js';

/** What names a job: many pictures of one recipe, in shards. */
export interface JobFlags extends ModelFlags, SamplingFlags {
  readonly pictures: readonly [from: number, to: number];
  readonly of: number;
  readonly seed: number;
  readonly policy?: string;
}

/** Options that every machine of a job is given alike. */
export function withJobOptions(command: Command): Command {
  command
    .addOption(
      new Option('--pictures <from-to>', 'the numbers of all pictures, e.g. 0-9999')
        .argParser(rangeFrom)
        .makeOptionMandatory(),
    )
    .addOption(wholeNumberOption('--of <n>', 'how many shards there are', 1).makeOptionMandatory())
    .addOption(seedOption())
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

/** The job that flags ask for, once the model is known. @throws SamplerSpecError before that */
export function jobChoice(flags: JobFlags): (used: ModelInUse) => ShardJob {
  const choice = samplingChoice(flags, flags.policy);
  const [from, to] = flags.pictures;
  return ({ model, identity, made }) => {
    const sampling = choice(model.manifest.sampling);
    assertSamplingFits(sampling, model.shape, model.diffusion);
    const { images: _, ...recipe } = recipeOf({
      ...{ model: identity, seed: flags.seed, sampling, made, pictures: [] },
    });
    return { recipe, from, to, of: flags.of };
  };
}

/** Pictures at once, for whoever draws shards. */
export const batchOption = (): Option =>
  wholeNumberOption('--batch <n>', 'pictures at once (default: 1 on the CPU, 8 elsewhere)', 1);
