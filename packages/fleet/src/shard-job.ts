import { InvalidOptionError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import {
  classesOf,
  jsonHash,
  type Manifest,
  type Picture,
  pictureAt,
  promptPictureAt,
  type Recipe,
} from '@tessera/format';

/** A range of picture numbers of one recipe, in shards. Whoever has the same job draws the same bytes. */
export interface ShardJob {
  readonly recipe: Omit<Recipe, 'images'>;
  /** The first picture's number. */
  readonly from: number;
  /** The last one's. */
  readonly to: number;
  /** How many shards. */
  readonly of: number;
  /** Of a model that takes text, one or more: picture i is of prompt i modulo their number. */
  readonly prompts?: readonly string[];
  /** What guidance leads away from. */
  readonly negativePrompt?: string;
}

/** What makes a job the one it is: the machine that draws it is no part of that. */
export function jobId({ recipe, from, to, of, prompts, negativePrompt }: ShardJob): Promise<string> {
  const { model, seed, sampling, size } = recipe;
  return jsonHash({
    ...{ model: model.sha256, seed, sampling, from, to, of },
    ...(size === undefined ? {} : { size }),
    ...(prompts === undefined ? {} : { prompts }),
    ...(negativePrompt === undefined ? {} : { negativePrompt }),
  });
}

/** @throws InvalidOptionError where there are more shards than pictures */
export function assertShards({ from, to, of }: ShardJob): void {
  const total = to - from + 1;
  assertInteger('of', of, 1);
  if (of > total) throw new InvalidOptionError('of', of, `must be at most the number of pictures, ${total}`);
}

/** What of a model says which pictures there are. */
export type Pictured = Pick<Manifest, 'name' | 'condition'>;

/**
 * The picture of a number: of the class, or of the prompt, whose turn it is.
 *
 * @throws InvalidOptionError where the job has prompts and the model takes classes, or the other way round
 */
export function jobPicture({ prompts, negativePrompt }: ShardJob, model: Pictured, index: number): Picture {
  if (prompts === undefined) return pictureAt(classesOf(model), index);
  if (model.condition.kind === 'text') return promptPictureAt(prompts, index, negativePrompt);
  throw new InvalidOptionError(
    'prompts',
    prompts,
    `must not be there: the model ${model.name} takes classes`,
  );
}

/**
 * The pictures of a shard. The shards are as equal as can be, and each picture is in one.
 *
 * @throws InvalidOptionError where there is no such shard, there are more shards than pictures, or the model takes something else
 */
export function shardPictures(job: ShardJob, index: number, model: Pictured): readonly Picture[] {
  assertShards(job);
  const { from, to, of } = job;
  const total = to - from + 1;
  assertInteger('index', index, 0, of - 1);
  const begin = (shard: number): number => from + Math.floor((shard * total) / of);
  return Array.from({ length: begin(index + 1) - begin(index) }, (_, i) =>
    jobPicture(job, model, begin(index) + i),
  );
}
