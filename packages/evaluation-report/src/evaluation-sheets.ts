import type { ImageRgb } from '@tessera/core';
import { type Classes, pictureAt } from '@tessera/format';
import { contactSheet, shortName } from './display/contact-sheet.js';

/** Pictures side by side. */
const COLUMNS = 12;

export interface EvaluationSheetOptions {
  readonly names: readonly string[];
  /** The first pictures of each variant. */
  readonly pictures: readonly (readonly ImageRgb[])[];
  readonly classes: Classes;
  readonly title: string;
  readonly scale: number;
}

/** A row a variant, the same class and noise in a column. */
export function variantsSheet({ names, pictures, classes, title, scale }: EvaluationSheetOptions): ImageRgb {
  const shown = Math.min(COLUMNS, ...pictures.map(({ length }) => length));
  return contactSheet({
    title,
    columns: columnNames(classes, shown),
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
  { classes, scale }: Pick<EvaluationSheetOptions, 'classes' | 'scale'>,
): ImageRgb {
  const starts = Array.from({ length: Math.ceil(pictures.length / COLUMNS) }, (_, row) => row * COLUMNS);
  // Columns have one class each where rows are as long as the model has classes.
  const inColumns = classes.count === COLUMNS;
  return contactSheet({
    title: name,
    ...(inColumns ? { columns: columnNames(classes, Math.min(COLUMNS, pictures.length)) } : {}),
    rows: starts.map((start) => ({
      cells: pictures.slice(start, start + COLUMNS).map((image, i) => ({
        image,
        ...(inColumns ? {} : { caption: shortName(pictureAt(classes, start + i)) }),
      })),
    })),
    scale,
  });
}

function columnNames(classes: Classes, count: number): string[] {
  return Array.from({ length: count }, (_, index) => shortName(pictureAt(classes, index)));
}
