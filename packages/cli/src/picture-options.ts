import {
  classesOf,
  type Manifest,
  type Picture,
  pictureAt,
  picturesOf,
  promptPictures,
} from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';
import { Argument, type Command, Option } from 'commander';
import type { Io, Output } from './command-context.js';
import { readText } from './input-file.js';
import { repeatableOption, seedOption, wholeNumberOption } from './number-options.js';
import { assertFewEnough, parseClassLabels, parseIndices } from './parse-class-labels.js';
import { UsageError } from './usage-error.js';

/** The most classes that are all drawn where none is named. */
const FEW_CLASSES = 24;
/** How many of more than these are drawn, where nobody can be asked. */
const DRAWN_UNASKED = 8;

/** Options that say what a model that takes text is to draw. */
export interface PromptFlags {
  readonly prompts?: string;
  readonly negative?: string;
}

/** Options that say which pictures of which seed are meant. */
export interface PictureFlags extends PromptFlags {
  readonly class?: readonly string[];
  readonly features?: string;
  readonly count: number;
  readonly index?: string;
  readonly seed: number;
}

export function withPromptOptions(command: Command): Command {
  return command
    .addArgument(new Argument('[prompts...]', 'what to draw, for a model that takes text'))
    .option('--prompts <file>', 'more prompts, one a line')
    .option('--negative <prompt>', 'what guidance leads away from');
}

export function withPictureOptions(command: Command): Command {
  return withPromptOptions(command)
    .addOption(
      repeatableOption(
        '--class <name>',
        `a class by name or number, several by comma or repeated, or all (default: all, of up to ${FEW_CLASSES})`,
      ),
    )
    .addOption(wholeNumberOption('--count <n>', 'pictures of each class or prompt', 1).default(1))
    .addOption(
      new Option('--index <list>', 'these pictures of the seed, e.g. 37 or 0-11,37').conflicts([
        'class',
        'count',
      ]),
    )
    .addOption(seedOption());
}

/** Ends as the files do that options name: after an option without a value, such a word would be drawn. */
const FILE_NAME = /\.(png|jpe?g|webp|json|txt)$/i;

/**
 * The prompts of a command line, then those of its file.
 *
 * @throws UsageError where the file can't be read, or a word of the command line is a file's name
 */
export async function promptsFrom(
  words: readonly string[],
  { prompts }: Pick<PromptFlags, 'prompts'>,
): Promise<readonly string[]> {
  const file = words.find((word) => FILE_NAME.test(word));
  if (file !== undefined) {
    throw new UsageError(
      `"${file}" stands where a prompt does, and looks like a file. Write its option before it: --out names what is written, and --sheet takes no name. If it is a prompt, give it in a file, by --prompts.`,
    );
  }
  if (prompts === undefined) return words;
  const lines = (await readText(prompts)).split(/\r?\n/).map((line) => line.trim());
  return [...words, ...lines.filter((line) => line !== '')];
}

/** Whether they are for a model that takes text. */
export function takesPrompts(
  prompts: readonly string[],
  { negative }: Pick<PromptFlags, 'negative'>,
): boolean {
  return prompts.length > 0 || negative !== undefined;
}

/**
 * The pictures that are meant. Where no class is named and the model has many, it asks, or takes a few.
 *
 * @param prompts for models that take text
 * @throws UsageError where a class is unknown, an index is none, they are too many, or the model takes something else
 */
export async function picturesFor(
  flags: PictureFlags & { readonly json?: boolean },
  manifest: Manifest,
  prompts: readonly string[],
  { ask, signal }: Pick<Io, 'ask' | 'signal'>,
  output: Pick<Output, 'warn'>,
): Promise<Picture[]> {
  const { name, condition } = manifest;
  if (condition.kind === 'text' && flags.class)
    throw new UsageError(`The model "${name}" draws prompts, not classes: tessera generate "a red fox"`);
  assertTakesPrompts(manifest, prompts, flags);
  if (condition.kind === 'text') return picturesOfPrompts(flags, prompts);
  const classes = classesOf(manifest);
  if (flags.index !== undefined) return parseIndices(flags.index).map((index) => pictureAt(classes, index));
  let words = flags.class ?? [];
  if (words.length === 0 && classes.count > FEW_CLASSES) {
    const count = classes.count.toLocaleString('en');
    const question = `The model has ${count} classes. Which are drawn? Names or numbers, with commas: `;
    const answer = flags.json ? undefined : await ask?.(question, signal);
    words = answer?.trim() ? [answer] : fewOf(classes.count);
    if (!answer?.trim()) {
      output.warn(
        `Note: the model has ${count} classes, and none is named: these are ${DRAWN_UNASKED} of them. --class names others, or all.`,
      );
    }
  }
  const labels = parseClassLabels(classes, words);
  assertFewEnough(labels.length * flags.count);
  return picturesOf(classes, labels, flags.count);
}

/** @throws UsageError where prompts are given to a model that takes classes, or none to one that takes text */
export function assertTakesPrompts(
  { name, condition }: Pick<Manifest, 'name' | 'condition'>,
  prompts: readonly string[],
  flags: PromptFlags,
): void {
  if (condition.kind === 'text') {
    if (prompts.length === 0)
      throw new UsageError(`The model "${name}" draws prompts. Say what to draw, such as "a red fox".`);
  } else if (takesPrompts(prompts, flags)) {
    throw new UsageError(
      `The model "${name}" draws classes, not prompts. Leave them out, or name a model that takes prompts by --model.`,
    );
  }
}

function picturesOfPrompts({ index, count, negative }: PictureFlags, prompts: readonly string[]): Picture[] {
  if (index === undefined) {
    assertFewEnough(prompts.length * count);
    return promptPictures(prompts, count, { negativePrompt: negative });
  }
  const [prompt, ...others] = prompts;
  if (others.length > 0) throw new UsageError('--index names pictures of one prompt.');
  return parseIndices(index).flatMap((first) =>
    promptPictures([prompt!], 1, { negativePrompt: negative, first }),
  );
}

/** Says which words of the prompts the model can only spell. */
export async function warnOfUnknownWords(
  pictures: readonly Picture[],
  model: Pick<LoadedModel, 'unknownWords'>,
  output: Pick<Output, 'warn'>,
): Promise<void> {
  const texts = pictures.flatMap((each) =>
    'prompt' in each ? [each.prompt, each.negativePrompt ?? ''] : [],
  );
  const unknown = new Set<string>();
  for (const text of new Set(texts)) {
    for (const word of await model.unknownWords(text)) unknown.add(word);
  }
  if (unknown.size === 0) return;
  const words = [...unknown].map((word) => `"${word}"`).join(', ');
  output.warn(`Note: the model doesn't know ${words}: it reads such words letter by letter.`);
}

/** Labels from all over the classes. */
function fewOf(count: number): string[] {
  return Array.from({ length: DRAWN_UNASKED }, (_, i) => `${Math.floor((i * count) / DRAWN_UNASKED)}`);
}
