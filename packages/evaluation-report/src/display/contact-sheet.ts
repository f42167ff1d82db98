import type { ImageRgb } from '@tessera/core';
import { type Picture, titleOf } from '@tessera/format';
import { type Colour, canvas, draw } from './canvas.js';
import { drawText, textHeight, textWidth, wrappedText } from './pixel-font.js';

export interface SheetCell {
  readonly image: ImageRgb;
  /** Below the picture, in as many lines as it needs, four at most. */
  readonly caption?: string;
}

export interface SheetRow {
  /** Lines left of the row's pictures, the first one in a stronger colour; others are joined where there are too many. */
  readonly label?: readonly string[];
  readonly cells: readonly SheetCell[];
}

export interface Sheet {
  readonly title?: string;
  /** Above each column, in four lines at most. */
  readonly columns?: readonly string[];
  /** All pictures must be of one size. */
  readonly rows: readonly SheetRow[];
  /** Each pixel of a picture becomes a square of this side. @default 1 */
  readonly scale?: number;
}

const PAPER: Colour = [250, 249, 246];
const INK: Colour = [32, 34, 40];
const FAINT: Colour = [122, 124, 132];
const MARGIN = 16;
const LINE_GAP = 6;
const MOST_LINES = 4;

/** Many pictures as one, in rows and columns with labels. */
export function contactSheet({ title, columns, rows, scale = 1 }: Sheet): ImageRgb {
  const first = rows.flatMap((row) => row.cells)[0];
  if (!first) return canvas(1, 1, PAPER);
  const cellWidth = first.image.width * scale;
  const cellHeight = first.image.height * scale;
  const gap = Math.max(2, Math.round(cellWidth / 32));
  const letters = cellWidth >= 112 ? 2 : 1;
  const line = textHeight(letters) + LINE_GAP;

  const labelLines = Math.max(2, Math.floor((cellHeight + LINE_GAP) / line));
  const labels = rows.map((row) => joinedLines(row.label ?? [], labelLines));
  const labelWidth = Math.max(0, ...labels.flat().map((text) => textWidth(text, letters) + MARGIN));
  const wrapped = (text: string): string[] => wrappedText(text, cellWidth, letters, MOST_LINES);
  const heightOf = (texts: readonly string[]): number =>
    line * Math.max(0, ...texts.map((text) => wrapped(text).length));
  const captions = rows.flatMap((row) => row.cells.flatMap(({ caption }) => caption || []));
  const captionHeight = captions.length > 0 ? heightOf(captions) + LINE_GAP : 0;
  const titleHeight = title ? textHeight(letters + 1) + MARGIN : 0;
  const headHeight = heightOf(columns ?? []);
  const columnCount = Math.max(...rows.map((row) => row.cells.length));
  const pitch = { x: cellWidth + gap, y: cellHeight + captionHeight + gap };

  const left = MARGIN + labelWidth;
  const top = MARGIN + titleHeight + headHeight;
  const pictures = columnCount * pitch.x - gap;
  const titleWidth = title ? textWidth(title, letters + 1) : 0;
  const sheet = canvas(
    Math.max(left + pictures, MARGIN + titleWidth) + MARGIN,
    top + rows.length * pitch.y - gap + MARGIN,
    PAPER,
  );

  const centred = (lines: readonly string[], x: number, y: number): void => {
    for (const [i, text] of lines.entries()) {
      const indent = Math.floor((cellWidth - textWidth(text, letters)) / 2);
      drawText(sheet, text, x + indent, y + i * line, { colour: INK, scale: letters });
    }
  };
  if (title) drawText(sheet, title, MARGIN, MARGIN, { colour: INK, scale: letters + 1 });
  for (const [i, column] of (columns ?? []).entries()) {
    const lines = wrapped(column);
    centred(lines, left + i * pitch.x, top - lines.length * line);
  }
  for (const [r, row] of rows.entries()) {
    const y = top + r * pitch.y;
    const lines = labels[r]!;
    const indent = Math.max(0, Math.floor((cellHeight - (lines.length * line - LINE_GAP)) / 2));
    for (const [i, text] of lines.entries()) {
      const colour = i === 0 ? INK : FAINT;
      drawText(sheet, text, MARGIN, y + indent + i * line, { colour, scale: letters });
    }
    for (const [c, { image, caption }] of row.cells.entries()) {
      const x = left + c * pitch.x;
      draw(sheet, image, x, y, scale);
      if (caption) centred(wrapped(caption), x, y + cellHeight + LINE_GAP);
    }
  }
  return sheet;
}

/** At most so many lines: behind the first, as few as need be are joined into one. */
function joinedLines([first, ...rest]: readonly string[], most: number): string[] {
  if (first === undefined) return [];
  const perLine = Math.ceil(rest.length / (most - 1));
  const count = Math.ceil(rest.length / Math.max(1, perLine));
  return [
    first,
    ...Array.from({ length: count }, (_, i) => rest.slice(i * perLine, (i + 1) * perLine).join(' ')),
  ];
}

/** Cells in rows: a block between square and two to one, with as few empty places as can be. */
export function inRows(cells: readonly SheetCell[]): SheetRow[] {
  const perRow = rowLength(cells.length);
  return Array.from({ length: Math.ceil(cells.length / perRow) }, (_, row) => ({
    cells: cells.slice(row * perRow, (row + 1) * perRow),
  }));
}

function rowLength(count: number): number {
  const side = Math.max(1, Math.ceil(Math.sqrt(count)));
  const empty = (perRow: number): number => Math.ceil(count / perRow) * perRow - count;
  let best = side;
  for (let perRow = side; perRow <= side * 1.5; perRow++) if (empty(perRow) < empty(best)) best = perRow;
  return best;
}

/** The first of a class's names. */
export function shortName(picture: Picture): string {
  return titleOf(picture).split(',')[0]!;
}
