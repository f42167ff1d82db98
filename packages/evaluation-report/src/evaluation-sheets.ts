import type { ImageRgb } from '@tessera/core';
import { contactSheet, shortName } from './display/contact-sheet.js';
import type { Subjects } from './subjects.js';

/** Pictures side by side. */
const COLUMNS = 12;

export interface EvaluationSheetOptions {
  readonly names: readonly string[];
  /** The first pictures of each variant. */
  readonly pictures: readonly (readonly ImageRgb[])[];
  readonly subjects: Subjects;
  readonly title: string;
  readonly scale: number;
}

/** A row a variant, the same class and noise in a column. */
export function variantsSheet({ names, pictures, subjects, title, scale }: EvaluationSheetOptions): ImageRgb {
  const shown = Math.min(COLUMNS, ...pictures.map(({ length }) => length));
  return contactSheet({
    title,
    columns: columnNames(subjects, shown),
    rows: names.map((name, i) => ({
      label: name.split(/(?=\/)/),
      cells: pictures[i]!.slice(0, shown).map((image) => ({ image })),
    })),
    scale,
  });
}

/** All kept pictures of a variant, in rows. */
export function variantSheet(
  name: string,
  pictures: readonly ImageRgb[],
  { subjects, scale }: Pick<EvaluationSheetOptions, 'subjects' | 'scale'>,
): ImageRgb {
  const starts = Array.from({ length: Math.ceil(pictures.length / COLUMNS) }, (_, row) => row * COLUMNS);
  // Columns have one class each where rows are as long as the model has classes.
  const inColumns = !subjects.prompts && subjects.groups === COLUMNS;
  return contactSheet({
    title: name,
    ...(inColumns ? { columns: columnNames(subjects, Math.min(COLUMNS, pictures.length)) } : {}),
    rows: starts.map((start) => ({
      cells: pictures.slice(start, start + COLUMNS).map((image, i) => ({
        image,
        ...(inColumns ? {} : { caption: shortName(subjects.pictureOf(start + i)) }),
      })),
    })),
    scale,
  });
}

function columnNames({ pictureOf }: Subjects, count: number): string[] {
  return Array.from({ length: count }, (_, index) => shortName(pictureOf(index)));
}
