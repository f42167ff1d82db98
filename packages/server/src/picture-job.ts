import type { GenerateEvent, ImageRgb } from '@tessera/core';
import {
  adviseSampling,
  assertSamplingFits,
  buildSampling,
  classesOf,
  classLabelsOf,
  classNameOf,
  type EditSubject,
  editRecipeOf,
  inputOf,
  type Manifest,
  type Picture,
  parseRecipe,
  parseSettings,
  parseSpec,
  pictureAt,
  picturesOf,
  promptPictures,
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
  assertSize(body.size, model.imageSize);
  const recipe = body.recipe
    ? sentRecipe(body.recipe, identity.sha256, manifest)
    : recipeOf({
        model: identity,
        seed: body.seed ?? randomSeed(),
        sampling: samplingOf(body, manifest.sampling),
        made,
        pictures: picturesFrom(body, manifest, limits),
      });
  const { seed, sampling, images } = recipe;
  count(images.length, limits);
  assertSamplingFits(sampling, model);
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
  const subject = subjectOf(body, manifest);
  const sampling = samplingOf(body, manifest.sampling);
  assertSamplingFits(sampling, model);
  const steps = samplingSteps(sampling);
  assertPartials(body.partial_images, steps);
  const seed = body.seed ?? randomSeed();
  const variations = count(body.n, limits);
  const recipe = editRecipeOf({
    model: identity,
    made,
    picture: sent.source,
    ...(files.mask ? { mask: masking.source } : {}),
    ...{ growTokens: 0, exactMask: false, seed, sampling, ...subject },
  });
  return {
    kind: 'image_edit',
    count: variations,
    seed,
    recipe,
    recipeOf: (index) => ({ ...recipe, imageIndex: body.first + index }),
    revisedPrompt: titleOf(subject),
    steps,
    run: (signal) =>
      scheduler.edit({
        image: sent.image,
        mask,
        input: inputOf(subject),
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

function sentRecipe(given: object, hash: string, manifest: Manifest) {
  const recipe = parseRecipe(JSON.stringify(given), 'recipe');
  if (recipe.model.sha256 !== hash)
    throw new RecipeError(
      `The recipe was made with another model, ${recipe.model.name} (${recipe.model.sha256.slice(0, 12)}).`,
    );
  const classes = manifest.condition.kind === 'class' ? classesOf(manifest) : undefined;
  const fits = (picture: Picture): boolean =>
    'prompt' in picture
      ? !classes
      : classes !== undefined && pictureAt(classes, picture.index).classLabel === picture.classLabel;
  const wrong = recipe.images.find((picture) => !fits(picture));
  if (wrong) throw new RecipeError(`Picture ${wrong.index} of this model is not "${titleOf(wrong)}".`);
  return recipe;
}

function picturesFrom(body: GenerationRequest, manifest: Manifest, limits: JobLimits): Picture[] {
  const n = count(body.n, limits);
  const subject = subjectOf(body, manifest);
  if ('prompt' in subject) {
    const { prompt, negativePrompt } = subject;
    return promptPictures([prompt], n, { negativePrompt, first: body.first });
  }
  return picturesOf(classesOf(manifest), [subject.classLabel], body.first + n).slice(body.first);
}

type SubjectFields = Pick<EditFields, 'class' | 'prompt' | 'negative_prompt'>;

/** What is drawn: a prompt, or a class, which the request names by `class` or by its prompt. */
function subjectOf(body: SubjectFields, manifest: Manifest): EditSubject {
  const { prompt, negative_prompt: negative } = body;
  if (manifest.condition.kind === 'text') {
    if (body.class !== null && body.class !== undefined)
      throw invalidField('class', 'This model draws prompts, and has no classes. Give prompt instead.');
    if (!prompt?.trim()) throw invalidField('prompt', 'Say what to draw.', 'missing_parameter');
    return { prompt, ...(negative ? { negativePrompt: negative } : {}) };
  }
  if (negative)
    throw invalidField('negative_prompt', 'This model draws classes, and takes no negative prompt.');
  const classLabel = labelOf(body, manifest);
  return { classLabel, className: classNameOf(classesOf(manifest), classLabel) };
}

function labelOf(body: SubjectFields, manifest: Manifest): number {
  const classes = classesOf(manifest);
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
