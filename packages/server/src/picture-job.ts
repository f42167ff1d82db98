import type { GenerateEvent, ImageRgb } from '@tessera/core';
import {
  adviseSampling,
  assertSamplingFits,
  buildSampling,
  type Classes,
  classesOf,
  classLabelsOf,
  classNameOf,
  editRecipeOf,
  inputOf,
  type Picture,
  parseRecipe,
  parseSettings,
  parseSpec,
  pictureAt,
  picturesOf,
  RecipeError,
  recipeFor,
  recipeOf,
  resolveSampling,
  type SamplingConfig,
  samplingSteps,
  titleOf,
} from '@tessera/format';
import { sha256 } from '@tessera/onnx';
import { invalidField } from './api-error.js';
import type { EditFields, GenerationRequest } from './image-request.js';
import type { PooledModel } from './model-pool.js';
import { decodePicture } from './picture-codec.js';

/** Pictures to draw, checked: nothing of the request is wrong any more. */
export interface PictureJob {
  /** As its events are named. */
  readonly kind: 'image_generation' | 'image_edit';
  readonly count: number;
  readonly seed: number;
  /** Of all pictures. */
  readonly recipe: object;
  /** Of one of them. */
  recipeOf(index: number): object;
  /** What is drawn, in the model's words. */
  readonly revisedPrompt: string;
  /** Sampling steps of a picture, at most. */
  readonly steps: number;
  run(signal: AbortSignal): AsyncGenerator<GenerateEvent, unknown, undefined>;
}

export interface JobLimits {
  /** Pictures of one request. */
  readonly maxPictures: number;
  /** Pixels of a picture that is sent. */
  readonly maxPixels: number;
}

/** @throws ApiError, RecipeError, SamplerSpecError, InvalidOptionError where something of the request is wrong */
export function generationJob(
  body: GenerationRequest,
  { model, scheduler, identity, made }: PooledModel,
  limits: JobLimits,
): PictureJob {
  const { manifest } = model;
  const classes = classesOf(manifest);
  assertSize(body.size, model.imageSize);
  const recipe = body.recipe
    ? sentRecipe(body.recipe, identity.sha256, classes)
    : recipeOf({
        model: identity,
        seed: body.seed ?? randomSeed(),
        sampling: samplingOf(body, manifest.sampling),
        made,
        pictures: picturesOf(classes, [labelOf(body, classes)], body.first + count(body.n, limits)).slice(
          body.first,
        ),
      });
  const { seed, sampling, images } = recipe;
  count(images.length, limits);
  assertSamplingFits(sampling, model.shape, model.diffusion);
  const steps = samplingSteps(sampling);
  assertPartials(body.partial_images, steps);
  return {
    kind: 'image_generation',
    count: images.length,
    seed,
    recipe,
    recipeOf: (index) => recipeFor(recipe, images[index]!),
    revisedPrompt: [...new Set(images.map(titleOf))].join(', '),
    steps,
    run: (signal) =>
      scheduler.generate({
        requests: images.map((picture) => ({ seed, imageIndex: picture.index, input: inputOf(picture) })),
        ...buildSampling(sampling),
        signal,
      }),
  };
}

/** What an edit is sent beside its fields. */
export interface EditFiles {
  readonly image?: File | undefined;
  /** Transparent where the picture is repainted. */
  readonly mask?: File | undefined;
}

/** @throws what {@link generationJob} throws */
export async function editJob(
  body: EditFields,
  files: EditFiles,
  { model, scheduler, identity, made }: PooledModel,
  limits: JobLimits,
): Promise<PictureJob> {
  const { manifest } = model;
  const classes = classesOf(manifest);
  if (!files.image) throw invalidField('image', 'Give a picture as the file image.', 'missing_parameter');
  const sent = await sentFile(files.image, 'image', limits);
  const masking = files.mask ? await sentFile(files.mask, 'mask', limits) : sent;
  const mask = masking.transparent;
  if (!mask?.data.includes(255))
    throw invalidField(
      'mask',
      'The mask, or the picture itself where there is none, must be transparent where it is to be repainted.',
    );
  if (body.size !== 'auto') assertSize(body.size, sent.image);
  const classLabel = labelOf(body, classes);
  const sampling = samplingOf(body, manifest.sampling);
  assertSamplingFits(sampling, model.shape, model.diffusion);
  const steps = samplingSteps(sampling);
  assertPartials(body.partial_images, steps);
  const seed = body.seed ?? randomSeed();
  const variations = count(body.n, limits);
  const className = classNameOf(classes, classLabel);
  const recipe = editRecipeOf({
    model: identity,
    made,
    picture: sent.source,
    ...(files.mask ? { mask: masking.source } : {}),
    ...{ growTokens: 0, exactMask: false, classLabel, className, seed, sampling },
  });
  return {
    kind: 'image_edit',
    count: variations,
    seed,
    recipe,
    recipeOf: (index) => ({ ...recipe, imageIndex: body.first + index }),
    revisedPrompt: className,
    steps,
    run: (signal) =>
      scheduler.edit({
        image: sent.image,
        mask,
        input: { classLabel },
        seed,
        imageIndex: body.first,
        variations,
        ...buildSampling(sampling),
        signal,
      }),
  };
}

async function sentFile(file: File, param: string, { maxPixels }: JobLimits) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const picture = await decodePicture(bytes, param, maxPixels);
  return { ...picture, source: { file: file.name, sha256: await sha256(bytes) } };
}

function sentRecipe(given: object, hash: string, classes: Classes) {
  const recipe = parseRecipe(JSON.stringify(given), 'recipe');
  if (recipe.model.sha256 !== hash)
    throw new RecipeError(
      `The recipe was made with another model, ${recipe.model.name} (${recipe.model.sha256.slice(0, 12)}).`,
    );
  const fits = (picture: Picture): boolean =>
    'classLabel' in picture && pictureAt(classes, picture.index).classLabel === picture.classLabel;
  const wrong = recipe.images.find((picture) => !fits(picture));
  if (wrong)
    throw new RecipeError(
      `Picture ${wrong.index} of this model is not of class ${'classLabel' in wrong ? wrong.classLabel : wrong.prompt}.`,
    );
  return recipe;
}

/** The class that the request names, by `class` or by its prompt. */
function labelOf(body: Pick<EditFields, 'class' | 'prompt'>, classes: Classes): number {
  const [param, word] =
    body.class === null || body.class === undefined
      ? (['prompt', body.prompt ?? ''] as const)
      : (['class', `${body.class}`] as const);
  const [label, ...others] = classLabelsOf(classes, word);
  if (label !== undefined && others.length === 0) return label;
  const named = (labels: readonly number[]): string =>
    labels.map((each) => `${each} (${classNameOf(classes, each)})`).join(', ');
  if (label !== undefined)
    throw invalidField(param, `"${word}" names several classes: ${named([label, ...others])}.`);
  const all = Array.from({ length: classes.count }, (_, each) => classNameOf(classes, each));
  throw invalidField(
    param,
    `This model draws classes, and has none called "${word}". It has: ${all.join('; ')}.`,
    'unknown_class',
  );
}

function samplingOf(
  { policy, guidance }: Pick<EditFields, 'policy' | 'guidance'>,
  advised: Parameters<typeof adviseSampling>[0],
): SamplingConfig {
  const settings = parseSettings(
    guidance === null || guidance === undefined ? {} : { guidance: `${guidance}` },
  );
  return policy ? resolveSampling(parseSpec(policy), advised, settings) : adviseSampling(advised, settings);
}

function assertSize(size: string, model: Pick<ImageRgb, 'width' | 'height'> | undefined): void {
  const own = model && `${model.width}x${model.height}`;
  if (size !== 'auto' && size !== own)
    throw invalidField('size', `The pictures are of ${own} pixels. Give that, or auto.`);
}

function assertPartials(partials: number, steps: number): void {
  if (partials < steps || partials === 0) return;
  throw invalidField(
    'partial_images',
    `A picture has ${steps} steps, so ${steps - 1} partial pictures at most.`,
  );
}

function count(n: number, { maxPictures }: JobLimits): number {
  if (n > maxPictures)
    throw invalidField('n', `${n} pictures are asked for, and ${maxPictures} are the most.`);
  return n;
}

/** Of 32 bits: short enough to be read out. */
function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
