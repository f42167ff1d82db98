import type { ImageRgb, TokenGrid } from '@tessera/core';
import { contactSheet, inRows } from '@tessera/evaluation-report/display';

/** A moment of an image's making. */
export interface PreviewFrame {
  readonly caption: string;
  /** Decoded as it was then. */
  readonly image: ImageRgb;
  readonly grid: TokenGrid;
}

const LIGHT = 196;
const DARK = 182;

/** The steps of one image as a contact sheet; what was still masked is grey, in a chequer of tokens. */
export function previewSheet(frames: readonly PreviewFrame[], scale: number): ImageRgb {
  const cells = frames.map(({ caption, image, grid }) => ({ caption, image: withMask(image, grid) }));
  return contactSheet({ rows: inRows(cells), scale });
}

/** `image` with every masked token's pixels greyed out. */
export function withMask(image: ImageRgb, { shape, known }: TokenGrid): ImageRgb {
  const data = image.data.slice();
  for (let y = 0; y < image.height; y++) {
    const row = Math.floor((y * shape.height) / image.height);
    for (let x = 0; x < image.width; x++) {
      const column = Math.floor((x * shape.width) / image.width);
      if (known[row * shape.width + column]) continue;
      const grey = (row + column) % 2 === 0 ? LIGHT : DARK;
      data.fill(grey, (y * image.width + x) * 3, (y * image.width + x) * 3 + 3);
    }
  }
  return { ...image, data };
}

/** Which of `count` things to show where there is room for `room`: evenly spread, the last among them. */
export function pickEvenly(count: number, room: number): number[] {
  if (count <= room) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: room }, (_, i) => Math.round(((i + 1) * count) / room) - 1);
}
