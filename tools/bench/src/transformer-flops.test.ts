import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transformerFlops } from './transformer-flops.js';
import type { TransformerSizes } from './transformer-sizes.js';

/** Matrices that are multiplied entry by entry, counting every multiplication and every addition. */
class Counter {
  operations = 0;

  multiply(left: number[][], right: number[][]): number[][] {
    return left.map((row) =>
      right[0]!.map((_, column) => {
        let sum = 0;
        for (const [k, value] of row.entries()) {
          sum += value * right[k]![column]!;
          this.operations += 2;
        }
        return sum;
      }),
    );
  }
}

const ones = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(1));
const transposed = (matrix: number[][]): number[][] =>
  matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
const columnsOf = (matrix: number[][], from: number, to: number): number[][] =>
  matrix.map((row) => row.slice(from, to));

/** A block as the paper writes it, head by head, on the last `queries` rows of x. */
function block(counter: Counter, x: number[][], queries: number, heads: number, hidden: number): number[][] {
  const width = x[0]!.length;
  const asking = x.slice(x.length - queries);
  const query = counter.multiply(asking, ones(width, width));
  const key = counter.multiply(x, ones(width, width));
  const value = counter.multiply(x, ones(width, width));
  const attended = asking.map((): number[] => []);
  for (let head = 0; head < heads; head++) {
    const range = [(head * width) / heads, ((head + 1) * width) / heads] as const;
    const scores = counter.multiply(columnsOf(query, ...range), transposed(columnsOf(key, ...range)));
    const rows = counter.multiply(scores, columnsOf(value, ...range));
    for (const [i, row] of rows.entries()) attended[i]!.push(...row);
  }
  const projected = counter.multiply(attended, ones(width, width));
  const inner = counter.multiply(projected, ones(width, hidden));
  return counter.multiply(inner, ones(hidden, width));
}

function countedFlops(sizes: TransformerSizes, visible: number, targets: number): number {
  const counter = new Counter();
  const { buffer, length, channels, encoder, decoder } = sizes;
  let x = [
    ...ones(buffer, encoder.width),
    ...counter.multiply(ones(visible, channels), ones(channels, encoder.width)),
  ];
  for (let i = 0; i < encoder.depth; i++) x = block(counter, x, x.length, 2, encoder.hidden);
  x = [...counter.multiply(x, ones(encoder.width, decoder.width)), ...ones(length - visible, decoder.width)];
  for (let i = 0; i < decoder.depth; i++) {
    x = block(counter, x, i + 1 === decoder.depth ? targets : x.length, 2, decoder.hidden);
  }
  return counter.operations;
}

test('the formula counts what a naive transformer multiplies and adds', () => {
  const stack = fc.record({
    width: fc.constantFrom(2, 4, 6),
    depth: fc.integer({ min: 1, max: 3 }),
    hidden: fc.integer({ min: 1, max: 8 }),
  });
  const arbitrary = fc
    .record({
      length: fc.integer({ min: 1, max: 7 }),
      channels: fc.integer({ min: 1, max: 3 }),
      buffer: fc.integer({ min: 1, max: 3 }),
      encoder: stack,
      decoder: stack,
    })
    .chain((sizes) =>
      fc
        .integer({ min: 1, max: sizes.length })
        .chain((targets) =>
          fc.integer({ min: 0, max: sizes.length - targets }).map((visible) => ({ sizes, visible, targets })),
        ),
    );
  fc.assert(
    fc.property(arbitrary, ({ sizes, visible, targets }) => {
      expect(transformerFlops(sizes, { visible, targets })).toBe(countedFlops(sizes, visible, targets));
    }),
    { numRuns: 50 },
  );
});

test("MAR-B's first step takes about 107 GFLOP without guidance's second row", () => {
  const stack = { width: 768, depth: 12, hidden: 3072 };
  const sizes = { length: 256, channels: 16, buffer: 64, encoder: stack, decoder: stack };
  // 24·D²·rows + 4·D·rows² a block: 0.92 GFLOP for 64 rows, 4.84 for 320; the last block keeps keys and values alone.
  const expected = 12 * 0.918e9 + 11 * 4.844e9 + 4 * 768 * 768 * 320 + 0.075e9;
  expect(transformerFlops(sizes, { visible: 0, targets: 1 }) / expected).toBeCloseTo(1, 2);
});
