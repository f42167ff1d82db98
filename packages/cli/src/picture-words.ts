import type { Classes } from '@tessera/recipe';
import { UsageError } from './usage-error.js';

/**
 * The class labels that are meant: names (any of a name's comma-separated synonyms, in any case) and numbers, each
 * word alone or several joined by commas. None means all.
 *
 * @returns ascending, each once
 * @throws UsageError that lists the classes
 */
export function classLabels(classes: Classes, words: readonly string[]): number[] {
  if (words.length === 0) return Array.from({ length: classes.count }, (_, label) => label);
  const labels = new Set<number>();
  for (const word of words) {
    const whole = labelOf(classes, word);
    if (whole !== undefined) labels.add(whole);
    else for (const part of word.split(',').filter((each) => each.trim())) labels.add(known(classes, part));
  }
  return [...labels].sort((a, b) => a - b);
}

/** Indices such as `37`, `0-11` or `0-11,37`, ascending, each once. */
export function indicesFrom(text: string): number[] {
  const indices = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    if (from === undefined || (to !== undefined && Number(to) < Number(from))) {
      throw new UsageError(`--index takes numbers and ranges such as 37 or 0-11,37, not "${part}".`);
    }
    for (let index = Number(from); index <= Number(to ?? from); index++) indices.add(index);
  }
  return [...indices].sort((a, b) => a - b);
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

function labelOf({ count, names }: Classes, word: string): number | undefined {
  const wanted = word.trim().toLowerCase();
  if (/^\d+$/.test(wanted)) return Number(wanted) < count ? Number(wanted) : undefined;
  const matches = (name: string) =>
    name.toLowerCase() === wanted ||
    name
      .toLowerCase()
      .split(',')
      .some((synonym) => synonym.trim() === wanted);
  const label = names?.findIndex(matches) ?? -1;
  return label < 0 ? undefined : label;
}
