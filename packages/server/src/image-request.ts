import * as v from 'valibot';
import { invalidField } from './api-error.js';

const text = (description: string) => v.pipe(v.string(), v.description(description));
const integer = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const shared = {
  prompt: v.nullish(text('What to draw: of a class-conditional model the name of a class.')),
  negative_prompt: v.nullish(text('What guidance leads away from, of a model that takes prompts.')),
  model: v.nullish(text('A model of /v1/models. Default: the first.')),
  n: v.nullish(v.pipe(integer(1, 1000), v.description('How many pictures.')), 1),
  size: v.nullish(text('auto, or the size of the model’s pictures, e.g. 256x256.'), 'auto'),
  output_format: v.nullish(v.picklist(['png', 'webp', 'jpeg']), 'png'),
  output_compression: v.nullish(v.pipe(integer(0, 100), v.description('The quality of WebP and JPEG.')), 100),
  response_format: v.nullish(v.picklist(['b64_json', 'url']), 'b64_json'),
  stream: v.nullish(v.boolean(), false),
  partial_images: v.nullish(integer(0, 3), 0),
  background: v.nullish(v.picklist(['auto', 'opaque']), 'auto'),
  quality: v.nullish(v.pipe(v.string(), v.description('Taken, and without effect.'))),
  moderation: v.nullish(v.pipe(v.string(), v.description('Taken, and without effect.'))),
  style: v.nullish(v.pipe(v.string(), v.description('Taken, and without effect.'))),
  user: v.nullish(v.pipe(v.string(), v.description('Taken, and without effect.'))),
  seed: v.nullish(
    v.pipe(
      integer(0, Number.MAX_SAFE_INTEGER),
      v.description('Of the noise. Default: a random one, which the answer names.'),
    ),
  ),
  first: v.nullish(
    v.pipe(
      integer(0, 2 ** 31),
      v.description(
        'The number of the first picture of the seed: 10 with n = 5 for the eleventh to the fifteenth.',
      ),
    ),
    0,
  ),
  class: v.nullish(
    v.pipe(
      v.union([v.string(), integer(0, Number.MAX_SAFE_INTEGER)]),
      v.description('A class by name or number, instead of the prompt.'),
    ),
  ),
  policy: v.nullish(text('A sampler spec, e.g. gtr-16/fts=low. Default: what the model advises.')),
  guidance: v.nullish(
    v.pipe(v.number(), v.minValue(0), v.maxValue(1000), v.description('Scale of the guidance.')),
  ),
};

/** The body of `images/generations`, JSON. */
export const generationSchema = v.strictObject({
  ...shared,
  recipe: v.nullish(
    v.pipe(
      v.looseObject({}),
      v.description('A recipe as an answer has it: the same pictures again, instead of all else.'),
    ),
  ),
});

/** The fields of `images/edits`, a form with the files `image` and `mask`. */
export const editSchema = v.strictObject({ ...shared, input_fidelity: v.nullish(v.string()) });

export type GenerationRequest = v.InferOutput<typeof generationSchema>;
export type EditFields = v.InferOutput<typeof editSchema>;

/** @throws ApiError 400 that names the first field that is wrong */
export function parseFields<Output>(schema: v.GenericSchema<unknown, Output>, fields: unknown): Output {
  const result = v.safeParse(schema, fields, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const param = v.getDotPath(issue) ?? '';
  if (issue.expected === 'never')
    throw invalidField(param, `Unknown parameter: ${param}.`, 'unknown_parameter');
  throw invalidField(param, `${param}: ${issue.message}.`);
}
