import { TesseraError } from '@tessera/core';
import * as v from 'valibot';
import { parseDocument } from './parse-document.js';
import type { Picture } from './pictures.js';
import type { Precision } from './precision.js';
import { type SamplingConfig, samplingSchema } from './sampling-config.js';

const VERSION = 2;

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** As `pictureAt` names them: a recipe comes from anywhere, and what it names is written to. */
const file = v.pipe(
  v.string(),
  v.regex(/^\d{5,16}-[a-z0-9-]+\.png$/, 'must be a name such as 00037-butterfly.png'),
);

const schema = v.strictObject({
  format: v.literal('tessera-recipe'),
  /** Version 1 knew fewer choices; what it left out is filled in with what it meant. */
  version: v.pipe(
    v.picklist([1, VERSION]),
    v.transform((): typeof VERSION => VERSION),
  ),
  model: v.strictObject({
    name: v.string(),
    /** `embedded`, or the folder or address as it was given. */
    location: v.string(),
    /** Of the manifest, which holds the hash of every file of the model; see `manifestHash`. */
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  seed: index,
  sampling: samplingSchema,
  /** In pixels, where it isn't the model's own. */
  size: v.exactOptional(v.strictObject({ width: index, height: index })),
  /** What the pictures were made with; another machine may differ in the last bit of a colour. */
  made: v.strictObject({
    device: v.string(),
    dtype: v.string(),
    /** What products were computed in, where that isn't fp32. */
    precision: v.exactOptional(v.literal('fp16')),
    versions: v.record(v.string(), v.string()),
  }),
  images: v.pipe(
    v.array(
      v.union([
        v.strictObject({ index, classLabel: index, className: v.string(), file }),
        v.strictObject({
          index,
          prompt: v.pipe(v.string(), v.minLength(1)),
          negativePrompt: v.exactOptional(v.string()),
          file,
        }),
      ]),
    ),
    v.check(
      (images) => new Set(images.map((image) => image.file)).size === images.length,
      'has two pictures under one name',
    ),
  ),
});

/** Everything needed to make the same pictures again: `recipe.json`. */
export type Recipe = v.InferOutput<typeof schema>;

/** How the models that come with the tools are written as a recipe's location: one that draws classes, one prompts. */
export const EMBEDDED = 'embedded';
export const EMBEDDED_TEXT = 'embedded-text';

/** A recipe can't be read, or is another one than what lies in the folder. */
export class RecipeError extends TesseraError {
  static override readonly code = 'recipe';
  constructor(message: string, options?: { cause?: unknown }) {
    super(RecipeError.code, message, options);
  }
}

/**
 * What a recipe says about the model that makes its pictures.
 *
 * @param model a loaded one
 * @param versions of the packages that draw, by their names
 */
export function madeWith(
  { device, dtype, precision }: Pick<Recipe['made'], 'device' | 'dtype'> & { readonly precision: Precision },
  versions: Recipe['made']['versions'],
): Recipe['made'] {
  return { device, dtype, ...(precision === 'fp16' ? { precision } : {}), versions };
}

export function recipeOf(parts: {
  readonly model: Recipe['model'];
  readonly seed: number;
  readonly sampling: SamplingConfig;
  readonly size?: NonNullable<Recipe['size']>;
  readonly made: Recipe['made'];
  readonly pictures: readonly Picture[];
}): Recipe {
  const { pictures, ...rest } = parts;
  return { format: 'tessera-recipe', version: VERSION, ...rest, images: [...pictures] };
}

/** The part of a recipe that makes one of its pictures. */
export function recipeFor(recipe: Recipe, picture: Picture): Recipe {
  return { ...recipe, images: [picture] };
}

/**
 * Reads a recipe of any version up to this one's, as one of this version.
 *
 * @param from where the JSON comes from, for messages
 * @throws RecipeError that lists everything wrong with it
 */
export function parseRecipe(json: string, from: string): Recipe {
  const fail = (problems: readonly string[], options?: { cause: unknown }): RecipeError =>
    new RecipeError(
      `${from} is not a recipe:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
  return parseDocument(json, schema, fail, { format: 'tessera-recipe', version: VERSION });
}
