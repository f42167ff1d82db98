import { BLOCK } from './weight-storage.js';

/** Integers with the scales that make them the values again. */
export interface Quantized {
  readonly codes: Int8Array | Uint8Array;
  readonly scales: Float32Array;
}

/**
 * The largest code of a column: products of two 8-bit rows and such columns fit the 16 bits in which CPUs with AVX2 and
 * without VNNI add them up in pairs, 2·255·64 < 2¹⁵.
 */
const COLUMN_LIMIT = 64;
const CHANNEL_LIMIT = 127;

/** Quantises a matrix [rows, columns] to 7 bits with a scale a column. */
export function quantizeColumns(values: Float32Array, columns: number): Quantized {
  const largest = new Float32Array(columns);
  for (let i = 0, column = 0; i < values.length; i++, column = column + 1 === columns ? 0 : column + 1) {
    largest[column] = Math.max(largest[column]!, Math.abs(values[i]!));
  }
  const scales = largest.map((value) => scaleOf(value, COLUMN_LIMIT));
  const codes = new Int8Array(values.length);
  for (let i = 0, column = 0; i < values.length; i++, column = column + 1 === columns ? 0 : column + 1) {
    codes[i] = Math.round(values[i]! / scales[column]!);
  }
  return { codes, scales };
}

/** Quantises kernels [channels, ...] to 8 bits with a scale a channel. */
export function quantizeChannels(values: Float32Array, channels: number): Quantized {
  const size = values.length / channels;
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const kernel = values.subarray(channel * size, (channel + 1) * size);
    scales[channel] = scaleOf(largestOf(kernel), CHANNEL_LIMIT);
    for (let i = 0; i < size; i++) codes[channel * size + i] = Math.round(kernel[i]! / scales[channel]!);
  }
  return { codes, scales };
}

/**
 * Quantises a matrix [rows, columns] to 4 bits with a scale every {@link BLOCK} rows of a column, as `MatMulNBits` takes
 * it: codes [columns, rows/32, 16] with the earlier value in the lower half of a byte, 8 for zero; scales
 * [columns, rows/32].
 */
export function quantizeBlocks(values: Float32Array, columns: number): Quantized {
  const blocks = values.length / columns / BLOCK;
  const codes = new Uint8Array(values.length / 2);
  const scales = new Float32Array(columns * blocks);
  const block = new Float32Array(BLOCK);
  for (let column = 0; column < columns; column++) {
    for (let index = 0; index < blocks; index++) {
      for (let i = 0; i < BLOCK; i++) block[i] = values[(index * BLOCK + i) * columns + column]!;
      const place = column * blocks + index;
      // The value of the largest magnitude becomes −8, the code without a counterpart: that halves its rounding.
      const extreme = block.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
      const scale = extreme === 0 ? 1 : extreme / -8;
      scales[place] = scale;
      for (let i = 0; i < BLOCK; i++) {
        const code = Math.min(7, Math.round(block[i]! / scale)) + 8;
        codes[place * (BLOCK / 2) + (i >> 1)]! |= code << (4 * (i & 1));
      }
    }
  }
  return { codes, scales };
}

const scaleOf = (largest: number, limit: number): number => (largest === 0 ? 1 : largest / limit);

function largestOf(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
