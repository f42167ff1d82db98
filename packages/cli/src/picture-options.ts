import { type Classes, type Picture, pictureAt, picturesOf } from '@tessera/format';
import { type Command, Option } from 'commander';
import type { Io, Output } from './command-context.js';
import { repeatableOption, seedOption, wholeNumberOption } from './number-options.js';
import { assertFewEnough, parseClassLabels, parseIndices } from './parse-class-labels.js';

/** The most classes that are all drawn where none is named. */
const FEW_CLASSES = 24;
/** How many of more than these are drawn, where nobody can be asked. */
const DRAWN_UNASKED = 8;

/** Options that say which pictures of which seed are meant. */
export interface PictureFlags {
  readonly class?: readonly string[];
  readonly count: number;
  readonly index?: string;
  readonly seed: number;
}

export function withPictureOptions(command: Command): Command {
  return command
    .addOption(
      repeatableOption(
        '--class <name>',
        `a class by name or number, several by comma or repeated, or all (default: all, of up to ${FEW_CLASSES})`,
      ),
    )
    .addOption(wholeNumberOption('--count <n>', 'pictures of each class', 1).default(1))
    .addOption(
      new Option('--index <list>', 'these pictures of the seed, e.g. 37 or 0-11,37').conflicts([
        'class',
        'count',
      ]),
    )
    .addOption(seedOption());
}

/**
 * The pictures that are meant. Where no class is named and the model has many, it asks, or takes a few.
 *
 * @throws UsageError where a class is unknown, an index is none, or they are too many
 */
export async function picturesFor(
  flags: PictureFlags & { readonly json?: boolean },
  classes: Classes,
  { ask, signal }: Pick<Io, 'ask' | 'signal'>,
  output: Pick<Output, 'warn'>,
): Promise<Picture[]> {
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

/** Labels from all over the classes. */
function fewOf(count: number): string[] {
  return Array.from({ length: DRAWN_UNASKED }, (_, i) => `${Math.floor((i * count) / DRAWN_UNASKED)}`);
}
