import type { ImageRgb } from '@tessera/core';
import { type Colour, fill } from './canvas.js';

/**
 * A font of 5 × 7 pixels: seven rows from the top, each a digit to the base 32 whose bits, from the highest, are the
 * pixels from the left. E.g. A is 01110, 10001, 10001, 11111, …
 */
const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '0000000',
  A: 'EHHVHHH',
  B: 'UHHUHHU',
  C: 'EHGGGHE',
  D: 'UHHHHHU',
  E: 'VGGUGGV',
  F: 'VGGUGGG',
  G: 'EHGNHHF',
  H: 'HHHVHHH',
  I: 'E44444E',
  J: '72222IC',
  K: 'HIKOKIH',
  L: 'GGGGGGV',
  M: 'HRLLHHH',
  N: 'HHPLJHH',
  O: 'EHHHHHE',
  P: 'UHHUGGG',
  Q: 'EHHHLID',
  R: 'UHHUKIH',
  S: 'FGGE11U',
  T: 'V444444',
  U: 'HHHHHHE',
  V: 'HHHHHA4',
  W: 'HHHLLLA',
  X: 'HHA4AHH',
  Y: 'HHHA444',
  Z: 'V1248GV',
  '0': 'EHJLPHE',
  '1': '4C4444E',
  '2': 'EH1248V',
  '3': 'V2421HE',
  '4': '26AIV22',
  '5': 'VGU11HE',
  '6': '68GUHHE',
  '7': 'V124888',
  '8': 'EHHEHHE',
  '9': 'EHHF12C',
  '.': '00000CC',
  ',': '0000C48',
  ':': '0CC0CC0',
  '-': '000V000',
  '+': '044V440',
  '×': '0HA4AH0',
  '/': '01248G0',
  '(': '2488842',
  ')': '8422248',
  '%': 'OP248J3',
  '#': 'AAVAVAA',
  '=': '00V0V00',
  _: '000000V',
  "'": '4480000',
  '"': 'AA00000',
  '!': '4444404',
  '?': 'EH12404',
};

/** Signs that are drawn as plainer ones. */
const PLAINER: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '−': '-',
};

const WIDTH = 5;
const HEIGHT = 7;

/** The height of a line of text without space between lines, in pixels. */
export function textHeight(scale: number): number {
  return HEIGHT * scale;
}

/** How wide a text is drawn, in pixels. */
export function textWidth(text: string, scale: number): number {
  return text.length === 0 ? 0 : (text.length * (WIDTH + 1) - 1) * scale;
}

/** `text`, or as much of its front as fits, then two dots. */
export function fittingText(text: string, width: number, scale: number): string {
  if (textWidth(text, scale) <= width) return text;
  let length = text.length - 1;
  while (length > 0 && textWidth(`${text.slice(0, length)}..`, scale) > width) length--;
  return length === 0 ? '' : `${text.slice(0, length).trimEnd()}..`;
}

/** A text in lines of whole words, each of which fits; the last one is cut and marked where there are more than `most`. */
export function wrappedText(text: string, width: number, scale: number, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trimStart();
    if (lines.length > 0 && (lines.length === most || textWidth(longer, scale) <= width)) {
      lines[lines.length - 1] = longer;
    } else {
      lines.push(word);
    }
  }
  return lines.map((line) => fittingText(line, width, scale));
}

/** Draws a line of text in capitals; accents are dropped, and a sign that the font lacks becomes a question mark. */
export function drawText(
  target: ImageRgb,
  text: string,
  left: number,
  top: number,
  { colour, scale = 1 }: { readonly colour: Colour; readonly scale?: number },
): void {
  const letters = text.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();
  for (const [i, letter] of [...letters].entries()) {
    const rows = GLYPHS[PLAINER[letter] ?? letter] ?? GLYPHS['?']!;
    for (let y = 0; y < HEIGHT; y++) {
      const bits = Number.parseInt(rows[y]!, 32);
      for (let x = 0; x < WIDTH; x++) {
        if ((bits >> (WIDTH - 1 - x)) % 2 === 0) continue;
        fill(target, left + (i * (WIDTH + 1) + x) * scale, top + y * scale, scale, scale, colour);
      }
    }
  }
}
