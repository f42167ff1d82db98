import type { MeasuredPicture } from '@tessera/evaluate';
import * as v from 'valibot';
import type { SetUp } from '../drawn-with.js';
import { featuresOf, featuresText } from './feature-text.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seen = v.nullable(count);

/** One run of the program, from its start to its end or stop. */
export interface Sitting extends SetUp {
  readonly id: string;
}

/** A line of `drawn.jsonl`: what a picture took, and what it was drawn with. */
const drawnSchema = v.object({
  index: count,
  seconds: v.number(),
  headEvaluations: v.number(),
  passes: v.number(),
  /** The id of its {@link Sitting}. */
  sitting: v.string(),
  threads: count,
  versions: v.record(v.string(), v.string()),
  machine: v.object({ processor: v.string(), cores: count }),
});

/** A line of `seen-NETWORK.jsonl`: what a network makes of a picture. */
const seenSchema = v.object({
  index: count,
  /** That which drew the picture that was seen. */
  sitting: v.string(),
  seenClass: seen,
  seenDamage: seen,
  /** See {@link featuresText}. */
  features: v.string(),
});

export type DrawnRecord = v.InferOutput<typeof drawnSchema>;
export type SeenRecord = v.InferOutput<typeof seenSchema>;

/** What is known of a variant's pictures. */
export interface PictureRecords {
  /** How each was drawn last, by index. */
  readonly drawn: ReadonlyMap<number, DrawnRecord>;
  /** What the network has seen, each with the drawing that it saw, by index. */
  readonly seen: ReadonlyMap<number, SeenPicture>;
}

/** A picture's two records, of one sitting. */
export interface SeenPicture {
  readonly drawn: DrawnRecord;
  readonly seen: SeenRecord;
}

/**
 * Puts lines together by picture; of those of one picture the last counts. A picture is drawn again where another network
 * asks for one that was not kept: what a network saw stays with the drawing that it saw, and is left out where that is not
 * told. So is what is no such line.
 */
export function pictureRecords(
  drawnLines: readonly unknown[],
  seenLines: readonly unknown[],
): PictureRecords {
  const key = ({ index, sitting }: DrawnRecord | SeenRecord): string => `${index} ${sitting}`;
  const drawings = drawnLines.filter((line) => v.is(drawnSchema, line));
  const bySitting = new Map(drawings.map((drawn) => [key(drawn), drawn]));
  const seen = new Map<number, SeenPicture>();
  for (const line of seenLines) {
    if (!v.is(seenSchema, line)) continue;
    const drawn = bySitting.get(key(line));
    if (drawn) seen.set(line.index, { drawn, seen: line });
  }
  return { drawn: new Map(drawings.map((drawn) => [drawn.index, drawn])), seen };
}

export function drawnRecord(
  { index, seconds, headEvaluations, passes }: MeasuredPicture,
  { id, threads, versions, machine }: Sitting,
): DrawnRecord {
  return { index, seconds, headEvaluations, passes, sitting: id, threads, versions, machine };
}

/** @param sitting the id of that which drew the picture */
export function seenRecord(
  {
    index,
    seenClass,
    seenDamage,
    features,
  }: Pick<MeasuredPicture, 'index' | 'seenClass' | 'seenDamage' | 'features'>,
  sitting: string,
): SeenRecord {
  return { index, sitting, seenClass, seenDamage, features: featuresText(features) };
}

/** A picture's two records as one. */
export function measuredPicture({ drawn, seen }: SeenPicture): MeasuredPicture {
  const { seenClass, seenDamage } = seen;
  const { index, seconds, headEvaluations, passes } = drawn;
  return {
    index,
    features: featuresOf(seen.features),
    seenClass,
    seenDamage,
    seconds,
    headEvaluations,
    passes,
  };
}
