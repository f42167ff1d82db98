import { InvalidOptionError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import { type Classes, jsonHash, type Picture, pictureAt, type Recipe } from '@tessera/format';

/** A range of picture numbers of one recipe, in shards. Whoever has the same job draws the same bytes. */
export interface ShardJob {
  readonly recipe: Omit<Recipe, 'images'>;
  /** The first picture's number. */
  readonly from: number;
  /** The last one's. */
  readonly to: number;
  /** How many shards. */
  readonly of: number;
}

/** What makes a job the one it is: the machine that draws it is no part of that. */
export function jobId({ recipe: { model, seed, sampling }, from, to, of }: ShardJob): Promise<string> {
  return jsonHash({ model: model.sha256, seed, sampling, from, to, of });
}

/** @throws InvalidOptionError where there are more shards than pictures */
export function assertShards({ from, to, of }: ShardJob): void {
  const total = to - from + 1;
  assertInteger('of', of, 1);
  if (of > total) throw new InvalidOptionError('of', of, `must be at most the number of pictures, ${total}`);
}

/**
 * The pictures of a shard. The shards are as equal as can be, and each picture is in one.
 *
 * @throws InvalidOptionError where there is no such shard, or there are more shards than pictures
 */
export function shardPictures(job: ShardJob, index: number, classes: Classes): readonly Picture[] {
  assertShards(job);
  const { from, to, of } = job;
  const total = to - from + 1;
  assertInteger('index', index, 0, of - 1);
  const begin = (shard: number): number => from + Math.floor((shard * total) / of);
  return Array.from({ length: begin(index + 1) - begin(index) }, (_, i) =>
    pictureAt(classes, begin(index) + i),
  );
}
