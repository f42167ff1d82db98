import { type ImageRgb, TesseraError } from '@tessera/core';
import { unzlibSync } from 'fflate';

/** A file is no PNG, or a damaged one. */
export class PngError extends TesseraError {
  static override readonly code = 'png-file';
  constructor(message: string, options?: { cause?: unknown }) {
    super(PngError.code, message, options);
  }
}

/** A PNG's picture and its text chunks by keyword. */
export interface DecodedPng {
  /** Grey is repeated, alpha is dropped, 16 bits are cut to 8, fewer are stretched to 8. */
  readonly image: ImageRgb;
  readonly text: ReadonlyMap<string, string>;
}

/**
 * Decodes a PNG of any colour type and depth, interlaced or not. Of an animation it is the still picture.
 *
 * fast-png, pngjs and upng-js each misread some of these forms: packed rows of odd widths, interlaced packed rows, 16 bits.
 *
 * @param from where the bytes come from, for messages
 * @throws PngError if the bytes are no PNG, cut off, damaged or against the standard
 * @see https://www.w3.org/TR/png-3/
 */
export function decodePng(bytes: Uint8Array, from: string): DecodedPng {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    const [, kind = 'something else'] =
      OTHERS.find(([start]) => start.test(latin1(bytes.subarray(0, 16)))) ?? [];
    throw new PngError(
      `${from} is not a PNG picture but ${kind}. Save it as a PNG; a new name is not enough.`,
    );
  }
  try {
    const chunks = [...chunksOf(bytes)];
    const header = headerOf(chunks[0]!);
    const palette = header.colour === PALETTE ? paletteOf(chunks) : undefined;
    const data = pixelsOf(scanlines(header, chunks), header, palette);
    return { image: { width: header.width, height: header.height, data }, text: textOf(chunks) };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new PngError(`${from} is a damaged PNG: ${problem}. Put a whole copy in its place.`, { cause });
  }
}

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const PALETTE = 3;

/** How files begin that are taken for PNGs. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'empty'],
  [/^\xff\xd8\xff/, 'a JPEG'],
  [/^GIF8/, 'a GIF'],
  [/^RIFF....WEBP/s, 'a WebP'],
  [/^\s*</, 'an HTML page or an SVG'],
  [/^version https:/, 'a Git LFS pointer'],
];

/** Samples a pixel, and the depths that the standard allows, by colour type. */
const COLOUR_TYPES: Readonly<
  Record<number, { readonly channels: number; readonly depths: readonly number[] }>
> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  [PALETTE]: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  for (let start = SIGNATURE.length; ; ) {
    if (start + 12 > bytes.length) throw new RangeError('it ends before its IEND chunk');
    const end = start + 8 + view.getUint32(start);
    if (end + 4 > bytes.length) throw new RangeError(`it is cut off at byte ${bytes.length}`);
    const type = latin1(bytes.subarray(start + 4, start + 8));
    if (crc32(bytes.subarray(start + 4, end)) !== view.getUint32(end)) {
      throw new RangeError(`the checksum of its ${type} chunk at byte ${start} is wrong`);
    }
    yield { type, data: bytes.subarray(start + 8, end) };
    if (type === 'IEND') return;
    start = end + 4;
  }
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

function headerOf({ type, data }: Chunk): Header {
  if (type !== 'IHDR' || data.length !== 13) throw new RangeError('it does not begin with its header');
  const [width, height] = [viewOf(data).getUint32(0), viewOf(data).getUint32(4)];
  const [depth, colour, compression, filter, interlace] = data.subarray(8) as unknown as number[];
  if (width === 0 || height === 0) throw new RangeError(`its size is ${width} × ${height}`);
  const { channels, depths } = COLOUR_TYPES[colour!] ?? {};
  if (!channels || !depths!.includes(depth!)) {
    throw new RangeError(`there is no colour type ${colour} of ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace! > 1) {
    throw new RangeError(
      `compression ${compression}, filter ${filter} or interlacing ${interlace} is unknown`,
    );
  }
  return { width, height, depth: depth!, colour: colour!, channels, interlaced: interlace === 1 };
}

function paletteOf(chunks: readonly Chunk[]): Uint8Array {
  const data = chunks.find(({ type }) => type === 'PLTE')?.data;
  if (!data || data.length === 0 || data.length % 3 !== 0)
    throw new RangeError('it has no palette of colours');
  return data;
}

/** Origin and distance of the pixels of each pass of an interlaced picture. */
const ADAM7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** The passes that hold pixels; a picture that isn't interlaced is one pass. */
function passesOf({ width, height, depth, channels, interlaced }: Header) {
  return (interlaced ? ADAM7 : [{ x: 0, y: 0, dx: 1, dy: 1 }])
    .map((pass) => {
      const columns = Math.ceil((width - pass.x) / pass.dx);
      const rows = Math.ceil((height - pass.y) / pass.dy);
      return { ...pass, columns, rows, rowBytes: Math.ceil((columns * channels * depth) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** All rows, each behind a byte that names its filter. */
function scanlines(header: Header, chunks: readonly Chunk[]): Uint8Array {
  const size = passesOf(header).reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  const parts = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  const compressed = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    compressed.set(part, offset);
    offset += part.length;
  }
  // Deflate shrinks to a 1032nd at most: a header can't ask for memory that its data don't fill.
  const possible = size <= compressed.length * 1032;
  const rows = possible ? unzlibSync(compressed, { out: new Uint8Array(size) }) : new Uint8Array();
  if (rows.length < size) throw new RangeError(`its pixels end before their ${size} bytes`);
  return rows;
}

/** Filtered rows as pixels [height, width, 3]. */
function pixelsOf(rows: Uint8Array, header: Header, palette: Uint8Array | undefined): Uint8Array {
  const { depth, channels, width, height } = header;
  const pixels = new Uint8Array(width * height * 3);
  const distance = Math.max(1, (channels * depth) / 8);
  const stretch = depth < 8 && !palette ? 255 / (2 ** depth - 1) : 1;
  let start = 0;
  for (const pass of passesOf(header)) {
    let above: Uint8Array = new Uint8Array(pass.rowBytes);
    for (let y = pass.y; y < height; y += pass.dy) {
      const row = rows.subarray(start + 1, start + 1 + pass.rowBytes);
      unfilter(rows[start]!, row, above, distance);
      above = row;
      start += 1 + pass.rowBytes;
      for (let column = 0; column < pass.columns; column++) {
        const target = (y * width + pass.x + column * pass.dx) * 3;
        for (let c = 0; c < 3; c++) {
          const sample = sampleAt(row, column * channels + (channels < 3 ? 0 : c), depth);
          pixels[target + c] = palette ? colourAt(palette, sample, c) : sample * stretch;
        }
      }
    }
  }
  return pixels;
}

/** The upper 8 bits of a sample of 16, or a sample of up to 8 bits, which lie packed, the first in the highest bits. */
function sampleAt(row: Uint8Array, index: number, depth: number): number {
  if (depth >= 8) return row[(index * depth) / 8]!;
  const bit = index * depth;
  return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function colourAt(palette: Uint8Array, index: number, channel: number): number {
  const value = palette[index * 3 + channel];
  if (value === undefined)
    throw new RangeError(`it uses colour ${index} of a palette of ${palette.length / 3}`);
  return value;
}

/** Undoes a row's filter in place. @param distance bytes from a pixel to the one left of it */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, distance: number): void {
  if (filter > 4) throw new RangeError(`there is no row filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < row.length; i++) {
    const left = row[i - distance] ?? 0;
    const up = above[i]!;
    if (filter === 1) row[i]! += left;
    else if (filter === 2) row[i]! += up;
    else if (filter === 3) row[i]! += (left + up) >> 1;
    else row[i]! += paeth(left, up, above[i - distance] ?? 0);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const byLeft = Math.abs(up - corner);
  const byUp = Math.abs(left - corner);
  const byCorner = Math.abs(left + up - 2 * corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

/** No text of a picture comes near; a larger one would be there to fill the memory. */
const LONGEST_TEXT = 2 ** 26;

/** tEXt, zTXt and iTXt chunks. One that breaks the standard is passed over: the picture is whole without it. */
function textOf(chunks: readonly Chunk[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { type, data } of chunks) {
    const end = data.indexOf(0);
    if (end < 1 || !['tEXt', 'zTXt', 'iTXt'].includes(type)) continue;
    const rest = data.subarray(end + 1);
    let text: string | undefined;
    if (type === 'tEXt') text = latin1(rest);
    else if (type === 'zTXt') text = inflated(rest.subarray(1), latin1);
    else {
      const language = rest.indexOf(0, 2);
      const content = rest.subarray(rest.indexOf(0, language + 1) + 1);
      text = rest[0] === 1 ? inflated(content, utf8) : utf8(content);
    }
    if (text !== undefined) texts.set(latin1(data.subarray(0, end)), text);
  }
  return texts;
}

function inflated(data: Uint8Array, decode: (bytes: Uint8Array) => string): string | undefined {
  const size = Math.min(LONGEST_TEXT, data.length * 1032);
  try {
    return decode(unzlibSync(data, { out: new Uint8Array(size) }));
  } catch {
    return undefined;
  }
}

const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
