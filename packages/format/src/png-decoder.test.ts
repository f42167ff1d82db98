import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pngBytes, readPngBytes } from './png.js';
import { decodePng } from './png-decoder.js';

function chunk(type: string, data: Uint8Array): Buffer {
  const [body, length, sum] = [Buffer.concat([Buffer.from(type), data]), Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

interface Form {
  readonly width: number;
  readonly height: number;
  readonly colour: number;
  readonly depth: number;
  readonly interlaced: boolean;
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const FORMS = Object.entries({
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}).flatMap(([colour, depths]) => depths.map((depth) => [Number(colour), depth] as const));

/** The pass of each pixel of an 8 × 8 block, from the standard's figure. */
const BLOCK = [
  '16462646',
  '77777777',
  '56565656',
  '77777777',
  '36463646',
  '77777777',
  '56565656',
  '77777777',
];

/** A picture's rows, pass by pass, as samples; each under the filter that `filters` names next. */
function rowsOf({ width, height, interlaced }: Form): { y: number; columns: number[] }[] {
  const rows: { y: number; columns: number[] }[] = [];
  for (const pass of interlaced ? '1234567' : '0') {
    for (let y = 0; y < height; y++) {
      const columns = Array.from({ length: width }, (_, x) => x).filter(
        (x) => !interlaced || BLOCK[y % 8]![x % 8] === pass,
      );
      if (columns.length > 0) rows.push({ y, columns });
    }
    rows.push({ y: -1, columns: [] });
  }
  return rows;
}

/** Samples of `depth` bits each as bytes. */
function packed(samples: readonly number[], depth: number): Buffer {
  const bits = samples.map((sample) => sample.toString(2).padStart(depth, '0')).join('');
  return Buffer.from((bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

function filtered(row: Buffer, above: Buffer, filter: number, distance: number): Buffer {
  const at = (bytes: Buffer, i: number): number => (i < 0 ? 0 : (bytes[i] ?? 0));
  return Buffer.from(
    row.map((value, i) => {
      const [a, b, c] = [at(row, i - distance), at(above, i), at(above, i - distance)];
      const nearest = [a, b, c].toSorted((p, q) => Math.abs(a + b - c - p) - Math.abs(a + b - c - q))[0]!;
      return value - [0, a, b, (a + b) >> 1, nearest][filter]!;
    }),
  );
}

/** A PNG made straight from the standard. @param samples [height, width, channels] */
function encoded(
  form: Form,
  samples: readonly number[],
  palette: readonly number[],
  filters: readonly number[],
) {
  const { width, height, colour, depth, interlaced } = form;
  const channels = CHANNELS[colour]!;
  const distance = Math.max(1, (channels * depth) / 8);
  const lines: Buffer[] = [];
  let above: Buffer = Buffer.alloc(0);
  for (const { y, columns } of rowsOf(form)) {
    const row = packed(
      columns.flatMap((x) => samples.slice((y * width + x) * channels, (y * width + x + 1) * channels)),
      depth,
    );
    const filter = filters[lines.length % filters.length]!;
    if (columns.length > 0) lines.push(Buffer.of(filter), filtered(row, above, filter, distance));
    above = row;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return png([
    ['IHDR', header],
    ...(colour === 3 ? [['PLTE', Buffer.from(palette)] as const] : []),
    ['tRNS', Buffer.of(0, 0)],
    ['IDAT', deflateSync(Buffer.concat(lines))],
    ['IEND', Buffer.alloc(0)],
  ]);
}

const png = (chunks: readonly (readonly [string, Uint8Array])[]): Buffer =>
  Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...chunks.map(([type, data]) => chunk(type, data)),
  ]);

const wrong = (words: string) =>
  expect.objectContaining({ code: 'png-file', message: expect.stringContaining(words) });

describe('a PNG of each form', () => {
  test.each(FORMS)(
    'colour type %i of %i bits is read to its pixels, under any filters and interlaced',
    (colour, depth) => {
      const extent = fc.integer({ min: 1, max: 19 });
      const numbers = fc.infiniteStream(fc.nat());
      const filters = fc.array(fc.nat(4), { minLength: 1 });
      fc.assert(
        fc.property(
          extent,
          extent,
          fc.boolean(),
          numbers,
          filters,
          (width, height, interlaced, stream, chosen) => {
            const values = Array.from(stream.take(width * height * CHANNELS[colour]! + 768));
            const palette = values.splice(-768).map((value) => value % 256);
            const samples = values.map((value) => value % 2 ** depth);
            const form = { width, height, colour, depth, interlaced };
            const { image } = decodePng(encoded(form, samples, palette, chosen), 'x.png');
            const channels = CHANNELS[colour]!;
            const expected = Array.from({ length: width * height * 3 }, (_, i) => {
              const sample = samples[Math.floor(i / 3) * channels + (channels < 3 ? 0 : i % 3)]!;
              if (colour === 3) return palette[sample * 3 + (i % 3)]!;
              return depth === 16 ? sample >> 8 : (sample * 255) / (2 ** depth - 1);
            });
            expect([image.width, image.height, [...image.data]]).toEqual([width, height, expected]);
          },
        ),
        { numRuns: 25 },
      );
    },
  );
});

const HEADER = Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
const whole: readonly (readonly [string, Uint8Array])[] = [
  ['IHDR', HEADER],
  ['IDAT', deflateSync(Buffer.of(0, 7, 9))],
  ['IEND', Buffer.alloc(0)],
];
const withHeader = (at: number, ...bytes: number[]): Buffer => {
  const header = Buffer.from(HEADER);
  header.set(bytes, at);
  return png([['IHDR', header], ...whole.slice(1)]);
};

test('bytes after the end, chunks of no concern and pixels in many chunks change nothing', () => {
  const pixels = [...whole[1]![1]].map((byte) => ['IDAT', Buffer.of(byte)] as const);
  const bytes = png([
    whole[0]!,
    ['tEXt', Buffer.from('k'.repeat(200))],
    ['gAMA', Buffer.alloc(4)],
    ...pixels,
    whole[2]!,
  ]);
  const { image } = decodePng(Buffer.concat([bytes, Buffer.from('more')]), 'x.png');
  expect([...image.data]).toEqual([7, 7, 7, 9, 9, 9]);
});

test.each([
  ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ['an HTML page', Buffer.from('\n<!DOCTYPE html>')],
  ['a WebP', Buffer.from('RIFF\n123WEBPVP8 ')],
  ['a GIF', Buffer.from('GIF89a')],
  ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1')],
  ['empty', Buffer.alloc(0)],
  ['something else', Buffer.from('hello')],
  ['size is 0 × 1', withHeader(0, 0, 0, 0, 0)],
  ['size is 2 × 0', withHeader(4, 0, 0, 0, 0)],
  ['colour type 1 of 8 bits', withHeader(9, 1)],
  ['colour type 2 of 4 bits', withHeader(8, 4, 2)],
  ['interlacing 2', withHeader(12, 2)],
  ['palette', withHeader(9, 3)],
  [
    'colour 7 of a palette of 2',
    png([['IHDR', Buffer.from(HEADER).fill(3, 9, 10)], ['PLTE', Buffer.alloc(6)], ...whole.slice(1)]),
  ],
  ['no row filter 9', png([whole[0]!, ['IDAT', deflateSync(Buffer.of(9, 7, 9))], whole[2]!])],
  ['pixels end', png([whole[0]!, ['IDAT', deflateSync(Buffer.of(0, 7))], whole[2]!])],
  ['pixels end', png([whole[0]!, whole[2]!])],
  ['before its IEND', png(whole.slice(0, 2))],
  ['header', png(whole.slice(1))],
  ['pixels end', withHeader(0, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff)],
])('what is %s is refused with these words', (words, bytes) => {
  expect(() => decodePng(bytes, 'x.png')).toThrow(wrong(words));
});

test('a PNG that ends anywhere, or in which any byte is another one, is refused with its name', () => {
  const bytes = png(whole);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i]! ^= 1;
    for (const broken of [changed, bytes.subarray(0, i)])
      expect(() => decodePng(broken, 'x.png')).toThrow(wrong('x.png'));
  }
});

test('a recipe is found in a text chunk of any kind', () => {
  const image = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
  const recipe = JSON.stringify({ name: 'x' });
  const key = 'tessera\0';
  for (const [type, data] of [
    ['tEXt', Buffer.from(key + recipe)],
    ['zTXt', Buffer.concat([Buffer.from(`${key}\0`), deflateSync(recipe)])],
    ['iTXt', Buffer.from(`${key}\0\0de\0Rezept\0${recipe}`)],
    ['iTXt', Buffer.concat([Buffer.from(`${key}\x01\0\0\0`), deflateSync(recipe)])],
  ] as const) {
    const plain = Buffer.from(pngBytes(image));
    const bytes = Buffer.concat([plain.subarray(0, -12), chunk(type, data), plain.subarray(-12)]);
    expect(readPngBytes(bytes, 'x.png')).toEqual({ image, recipe });
  }
});
