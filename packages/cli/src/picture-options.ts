import { type Classes, type Picture, pictureAt, picturesOf } from '@tessera/format';
import { type Command, Option } from 'commander';
import { repeatableOption, seedOption, wholeNumberOption } from './number-options.js';
import { assertFewEnough, parseClassLabels, parseIndices } from './parse-class-labels.js';

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
        'a class by name or number, several by comma or repeated (default: all)',
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

/** @throws UsageError where a class is unknown, an index is none, or they are too many */
export function picturesFor(flags: PictureFlags, classes: Classes): Picture[] {
  if (flags.index !== undefined) return parseIndices(flags.index).map((index) => pictureAt(classes, index));
  const labels = parseClassLabels(classes, flags.class ?? []);
  assertFewEnough(labels.length * flags.count);
  return picturesOf(classes, labels, flags.count);
}
