import { type Classes, classLabelsOf, classNameOf } from '@tessera/format';
import { UsageError } from './usage-error.js';

/** Pictures that a command may be asked for at once: all of them are listed before the first is drawn. */
export const MOST_PICTURES = 100_000;

/**
 * The class labels that are meant: names (any of a name's comma-separated synonyms, in any case) and numbers, each
 * word alone or several joined by commas. None means all, as does `all` where no class is called that.
 *
 * @returns ascending, each once
 * @throws UsageError that lists the classes
 */
export function parseClassLabels(classes: Classes, words: readonly string[]): number[] {
  const isAll = words.length === 1 && /^\s*all\s*$/i.test(words[0]!) && labelOf(classes, 'all') === undefined;
  if (words.length === 0 || isAll) return Array.from({ length: classes.count }, (_, label) => label);
  const labels = new Set<number>();
  for (const word of words) {
    const whole = labelOf(classes, word);
    if (whole !== undefined) labels.add(whole);
    else for (const part of word.split(',').filter((each) => each.trim())) labels.add(known(classes, part));
  }
  if (labels.size === 0)
    throw new UsageError('--class names no class. Give a name or number, or leave it out for all.');
  return [...labels].sort((a, b) => a - b);
}

/**
 * Indices such as `37`, `0-11` or `0-11,37`, ascending, each once.
 *
 * @throws UsageError where they are none, or more than {@link MOST_PICTURES}
 */
export function parseIndices(text: string): number[] {
  const indices = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    if (from === undefined || (to !== undefined && Number(to) < Number(from))) {
      throw new UsageError(`--index takes numbers and ranges such as 37 or 0-11,37, not "${part}".`);
    }
    assertFewEnough(Number(to ?? from) - Number(from) + 1);
    for (let index = Number(from); index <= Number(to ?? from); index++) indices.add(index);
    assertFewEnough(indices.size);
  }
  return [...indices].sort((a, b) => a - b);
}

/** @throws UsageError where these are more than {@link MOST_PICTURES} */
export function assertFewEnough(pictures: number): void {
  if (pictures <= MOST_PICTURES) return;
  const most = MOST_PICTURES.toLocaleString('en');
  throw new UsageError(
    `${pictures.toLocaleString('en')} pictures are asked for, and ${most} are the most at once. Take them in several calls, by --index.`,
  );
}

function known(classes: Classes, word: string): number {
  const label = labelOf(classes, word);
  if (label !== undefined) return label;
  const names = Array.from({ length: Math.min(classes.count, 40) }, (_, i) =>
    classes.names ? `  ${i}  ${classes.names[i]}` : `  ${i}`,
  );
  const more = classes.count > names.length ? [`  … up to ${classes.count - 1}`] : [];
  throw new UsageError(
    `The model has no class "${word.trim()}". Its classes are:\n${[...names, ...more].join('\n')}`,
  );
}

/**
 * The class of a name or number, see `classLabelsOf`.
 *
 * @returns undefined where there is none
 * @throws UsageError that lists them where it fits several equally well
 */
export function labelOf(classes: Classes, word: string): number | undefined {
  const [first, ...others] = classLabelsOf(classes, word);
  if (first === undefined || others.length === 0) return first;
  const list = [first, ...others].map((label) => `  ${label}  ${classNameOf(classes, label)}`).join('\n');
  throw new UsageError(`"${word.trim()}" is the name of several classes. Give the number of one:\n${list}`);
}
