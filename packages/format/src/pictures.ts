import { InvalidOptionError, type ModelInput } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import type { EditSubject } from './edit-recipe.js';
import type { Classes } from './manifest.js';

/**
 * One picture of a seed. Its index says which class and which picture of that class it is: pictures are numbered round
 * by round, first one of each class of the model, then a second one of each, and so on,
 * `index = round · classes + class`. So a picture keeps its number, and with it its noise, whatever else is asked for:
 * another count, other classes, or that picture alone.
 */
export interface ClassPicture {
  readonly index: number;
  readonly classLabel: number;
  readonly className: string;
  /** Its file's name, e.g. `00037-butterfly.png`. */
  readonly file: string;
}

/** One picture of a prompt. */
export interface TextPicture {
  /** Keys its noise; see `promptPictures`. */
  readonly index: number;
  readonly prompt: string;
  readonly negativePrompt?: string;
  /** Its file's name, e.g. `00001-a-red-fox-on-snow.png`. */
  readonly file: string;
}

export type Picture = ClassPicture | TextPicture;

/** What a model is asked for to draw a picture. */
export function inputOf(picture: Picture | EditSubject): ModelInput {
  if (!('prompt' in picture)) return { classLabel: picture.classLabel };
  const { prompt, negativePrompt } = picture;
  return { prompt, ...(negativePrompt === undefined ? {} : { negativePrompt }) };
}

/** What a picture shows, in words. */
export function titleOf(picture: Picture | EditSubject): string {
  return 'prompt' in picture ? picture.prompt : picture.className;
}

/**
 * `count` pictures of each prompt, round by round: picture i of round r has the index r · prompts + i.
 *
 * @param first the index of the first picture. @default 0
 * @throws InvalidOptionError where a prompt is empty
 */
export function promptPictures(
  prompts: readonly string[],
  count: number,
  {
    negativePrompt,
    first = 0,
  }: { readonly negativePrompt?: string | undefined; readonly first?: number } = {},
): TextPicture[] {
  assertPrompts(prompts);
  const all = Array.from({ length: count }, () => prompts).flat();
  return all.map((prompt, i) => promptPicture(first + i, prompt, negativePrompt));
}

/**
 * The picture of an index where pictures go round by prompt, as `promptPictures` numbers them.
 *
 * @param prompts one or more
 * @throws InvalidOptionError where the index is not a non-negative safe integer, there are no prompts, or one is empty
 */
export function promptPictureAt(
  prompts: readonly string[],
  index: number,
  negativePrompt?: string,
): TextPicture {
  assertInteger('index', index, 0);
  const prompt = prompts[index % prompts.length];
  if (prompt === undefined) throw new InvalidOptionError('prompts', prompts, 'must hold at least one');
  assertPrompts([prompt]);
  return promptPicture(index, prompt, negativePrompt);
}

function promptPicture(index: number, prompt: string, negativePrompt: string | undefined): TextPicture {
  return {
    ...{ index, prompt },
    ...(negativePrompt === undefined ? {} : { negativePrompt }),
    file: fileOf(index, prompt, 'prompt'),
  };
}

/** @throws InvalidOptionError where one is empty */
function assertPrompts(prompts: readonly string[]): void {
  for (const [i, prompt] of prompts.entries()) {
    if (prompt.trim() === '') throw new InvalidOptionError(`prompts[${i}]`, prompt, 'must be a text');
  }
}

function fileOf(index: number, title: string, otherwise?: string): string {
  return `${`${index}`.padStart(5, '0')}-${slugOf(title, otherwise)}.png`;
}

/**
 * The picture of an index.
 *
 * @throws InvalidOptionError where the index is not a non-negative safe integer
 */
export function pictureAt(classes: Classes, index: number): ClassPicture {
  assertInteger('index', index, 0);
  const classLabel = index % classes.count;
  const className = classNameOf(classes, classLabel);
  return { index, classLabel, className, file: fileOf(index, className) };
}

/**
 * `count` pictures of each class, round by round.
 *
 * @param labels the classes, each once, 0 … classes − 1
 * @param count 0 or more
 * @throws InvalidOptionError where a class is none of the model's or named twice, or the count is no such integer
 */
export function picturesOf(classes: Classes, labels: readonly number[], count: number): ClassPicture[] {
  for (const [i, label] of labels.entries()) {
    assertInteger(`labels[${i}]`, label, 0, classes.count - 1);
    if (labels.indexOf(label) < i) throw new InvalidOptionError(`labels[${i}]`, label, 'is there already');
  }
  assertInteger('count', count, 0);
  const pictures: ClassPicture[] = [];
  for (let round = 0; round < count; round++) {
    for (const label of labels) pictures.push(pictureAt(classes, round * classes.count + label));
  }
  return pictures;
}

/** A class's name, or `class 7` where the model has none. */
export function classNameOf(classes: Classes, label: number): string {
  return classes.names?.[label] ?? `class ${label}`;
}

/** Characters of a class's name in a file's, so that with what stands around it any file system holds it. */
const LONGEST_SLUG = 80;

/** The first of a class's names in lower-case letters, digits and hyphens, 80 at most, for names of files. */
export function slugOf(className: string, otherwise = 'class'): string {
  const slug = className
    .split(',')[0]!
    .normalize('NFD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, LONGEST_SLUG)
    .replace(/-$/, '');
  return slug || otherwise;
}
