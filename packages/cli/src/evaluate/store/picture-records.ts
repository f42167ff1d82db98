import type { JudgedPicture } from '@tessera/evaluate';
import * as v from 'valibot';
import type { SetUp } from '../drawn-with.js';

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
});

/** A line of `seen-NETWORK.jsonl`: what a network makes of a picture. */
const seenSchema = v.object({
  index: count,
  seenClass: seen,
  seenDamage: seen,
  /** Float32, little-endian, in base64. */
  features: v.string(),
});

export type DrawnRecord = v.InferOutput<typeof drawnSchema>;
export type SeenRecord = v.InferOutput<typeof seenSchema>;

/** Lines by index; of lines with the same one the last counts. Others than such lines are left out. */
function byIndex<Line extends { readonly index: number }>(
  schema: v.GenericSchema<unknown, Line>,
  lines: readonly unknown[],
): ReadonlyMap<number, Line> {
  return new Map(
    lines
      .filter((line): line is Line => v.is(schema, line))
      .map((line): [number, Line] => [line.index, line]),
  );
}

export function drawnRecords(lines: readonly unknown[]): ReadonlyMap<number, DrawnRecord> {
  return byIndex(drawnSchema, lines);
}

export function seenRecords(lines: readonly unknown[]): ReadonlyMap<number, SeenRecord> {
  return byIndex(seenSchema, lines);
}

export function drawnRecord(
  { index, seconds, headEvaluations, passes }: JudgedPicture,
  { id, threads, versions }: Sitting,
): DrawnRecord {
  return { index, seconds, headEvaluations, passes, sitting: id, threads, versions };
}

export function seenRecord({
  index,
  seenClass,
  seenDamage,
  features,
}: Pick<JudgedPicture, 'index' | 'seenClass' | 'seenDamage' | 'features'>): SeenRecord {
  const bytes = Buffer.alloc(features.length * 4);
  for (const [i, value] of features.entries()) bytes.writeFloatLE(value, i * 4);
  return { index, seenClass, seenDamage, features: bytes.toString('base64') };
}

/** A picture's two records as one. */
export function judgedPicture(
  drawn: DrawnRecord,
  { seenClass, seenDamage, ...seen }: SeenRecord,
): JudgedPicture {
  const bytes = Buffer.from(seen.features, 'base64');
  const features = Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
  const { index, seconds, headEvaluations, passes } = drawn;
  return { index, features, seenClass, seenDamage, seconds, headEvaluations, passes };
}
