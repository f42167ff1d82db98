import type { Classes } from './manifest.js';
import { classNameOf } from './pictures.js';

/**
 * The classes that a word names: their number, or a name, any of a name's comma-separated synonyms, in any case. Digits alone are
 * always a number. A whole name goes before a synonym, and one in the same case before another.
 *
 * @returns labels; none where nothing fits, several where they fit equally well
 */
export function classLabelsOf(classes: Classes, word: string): readonly number[] {
  const exact = word.trim().normalize();
  const wanted = exact.toLowerCase();
  if (/^\d+$/.test(wanted)) return Number(wanted) < classes.count ? [Number(wanted)] : [];
  const all = Array.from({ length: classes.count }, (_, label) => ({
    label,
    // An accented letter may be one character or two, as on macOS.
    name: classNameOf(classes, label).normalize(),
  }));
  const synonyms = (name: string) => name.toLowerCase().split(',');
  const fits = [
    (name: string) => name === exact,
    (name: string) => name.toLowerCase() === wanted,
    (name: string) => synonyms(name).some((synonym) => synonym.trim() === wanted),
  ];
  for (const isFit of fits) {
    const fitting = all.filter(({ name }) => isFit(name));
    if (fitting.length > 0) return fitting.map(({ label }) => label);
  }
  return [];
}
