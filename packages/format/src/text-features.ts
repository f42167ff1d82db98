import { TesseraError } from '@tessera/core';
import * as v from 'valibot';
import { parseDocument } from './parse-document.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const schema = v.strictObject({
  format: v.literal('tessera-features'),
  version: v.literal(1),
  /** What made them: `t5` and `word-pieces` for models of LightGen's form, `llama` for Nitro-AR. */
  encoder: v.picklist(['t5', 'llama', 'word-pieces']),
  /** T: rows of a prompt. */
  length: count,
  /** Ct: channels of a row. */
  width: count,
  /** In the order of the tensors `features.0`, `features.1`, … [T, Ct] of the file beside. */
  prompts: v.array(
    v.strictObject({
      prompt: v.string(),
      /** Rows that are the prompt's; those behind are padding. */
      tokens: v.pipe(v.number(), v.integer(), v.minValue(0)),
    }),
  ),
});

/** `features.json`: what prompts the file `features.safetensors` beside it has features of. */
export type TextFeaturesList = v.InferOutput<typeof schema>;

export const FEATURES_LIST = 'features.json';
export const FEATURES_FILE = 'features.safetensors';

/** Features can't be read, or are another model's. */
export class TextFeaturesError extends TesseraError {
  static override readonly code = 'text-features';
  constructor(message: string, options?: { cause?: unknown }) {
    super(TextFeaturesError.code, message, options);
  }
}

/**
 * Reads `features.json`.
 *
 * @param from where the JSON comes from, for messages
 * @throws TextFeaturesError that lists everything wrong with it
 */
export function parseTextFeatures(json: string, from: string): TextFeaturesList {
  const fail = (problems: readonly string[], options?: { cause: unknown }): TextFeaturesError =>
    new TextFeaturesError(
      `${from} lists no features:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
  return parseDocument(json, schema, fail, { format: 'tessera-features', version: 1 });
}
