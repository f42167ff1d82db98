import { TesseraError } from '@tessera/core';
import { parseDocument } from '@tessera/format';
import * as v from 'valibot';

const name = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const channels = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.length(3));
const named = v.strictObject({
  /** The output with one logit a name, [n, names]. */
  output: name,
  names: v.pipe(v.array(name), v.minLength(2)),
});

/** The parts that say how a graph is fed and read. */
export const networkEntries = {
  name,
  input: v.strictObject({
    /** The graph's input, float32. */
    name,
    /** What pictures are resized to, bilinearly. */
    width: count,
    height: count,
    layout: v.picklist(['nchw', 'nhwc']),
    /** The graph gets (pixel / 255 − mean) / std, a number a channel: red, green, blue. */
    mean: channels,
    std: v.pipe(
      channels,
      v.check((std) => std.every((value) => value > 0), 'must be greater than 0'),
    ),
  }),
  features: v.strictObject({
    output: name,
    /** Features a picture. */
    width: count,
    /**
     * For outputs [n, tokens, width]: which features stand for the picture, the first token's (DINOv2's class token) or
     * the mean of all. Absent for one vector a picture.
     */
    tokens: v.optional(v.picklist(['first', 'mean'])),
  }),
  /** Present where the graph also tells classes, in the order of the model's. */
  classes: v.optional(named),
  /** Present where the graph also tells kinds of damage. */
  damages: v.optional(named),
  /** Present where the graph also finds things. */
  cells: v.optional(
    v.strictObject({
      /**
       * The output with the logits of each cell, [n, 1 + things + 1 + colours + sizes, rows, columns]: whether a thing has its
       * middle there, which, in its own colour or which other, and how large.
       */
      output: name,
      /** Of two middles that are no more cells apart, one way and the other, the surer counts. */
      apart: count,
      things: v.pipe(
        v.array(
          v.strictObject({
            name,
            /** The colour that it has by itself; null where one wouldn't call it by any. */
            colour: v.nullable(name),
            /** All that it is called, one or several of it, in lower case. @default its name */
            words: v.exactOptional(v.array(name)),
          }),
        ),
        v.minLength(1),
      ),
      colours: v.pipe(v.array(name), v.minLength(1)),
      sizes: v.pipe(v.array(name), v.minLength(1)),
    }),
  ),
};

const schema = v.strictObject(networkEntries);

/** How to feed a feature network and what to read from it. Plain JSON, beside the graph. */
export type NetworkDescription = v.InferOutput<typeof schema>;

/** A feature network can't be used: its description is wrong, or its graph is another one. */
export class FeatureNetworkError extends TesseraError {
  static override readonly code = 'feature-network';
  readonly problems: readonly string[];

  constructor(what: string, problems: readonly string[], options?: { cause?: unknown }) {
    super(
      FeatureNetworkError.code,
      `${what} can't be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
    this.problems = problems;
  }
}

/**
 * Reads the description of a feature network.
 *
 * @param json its text
 * @throws FeatureNetworkError that lists everything wrong with it
 */
export function parseNetworkDescription(json: string): NetworkDescription {
  return parseDescription('The description of the feature network', schema, json);
}

/** Reads JSON of a schema; `what` names it in the error. */
export function parseDescription<Output>(
  what: string,
  schema: v.GenericSchema<unknown, Output>,
  json: string,
): Output {
  return parseDocument(json, schema, (problems, options) => new FeatureNetworkError(what, problems, options));
}
