import fc from 'fast-check';
import { expect, it } from 'vitest';
import { effortOf, readView, type StorageView } from './torch-view.js';

const SIZES = [1, 2, 4, 8];

/** Elements one by one, by the definition of a view. */
function expected(storage: Uint8Array, { offset, shape, strides }: StorageView, size: number): Uint8Array {
  const out: number[] = [];
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) out.push(...storage.subarray(at * size, (at + 1) * size));
    else for (let i = 0; i < shape[axis]!; i++) visit(axis + 1, at + i * strides[axis]!);
  };
  visit(0, offset);
  return Uint8Array.from(out);
}

async function readAndCount(storage: Uint8Array, view: StorageView, size: number) {
  let [reads, bytes] = [0, 0];
  const read = await readView(view, size, async (start, end) => {
    if (start < 0 || end > storage.length) throw new Error(`${start} to ${end} of ${storage.length}`);
    reads++;
    bytes += end - start;
    return Uint8Array.from(storage.subarray(start, end));
  });
  return { read, reads, bytes };
}

it('a view with any strides gives its elements in row-major order, and reads nothing beyond them', async () => {
  const axis = fc.record({ extent: fc.nat(4), stride: fc.nat(9) });
  const storage = Uint8Array.from({ length: 8 * 200 }, (_, i) => i * 7);
  await fc.assert(
    fc.asyncProperty(
      fc.array(axis, { maxLength: 4 }),
      fc.nat(20),
      fc.constantFrom(...SIZES),
      async (axes, offset, size) => {
        const view = {
          offset,
          shape: axes.map(({ extent }) => extent),
          strides: axes.map(({ stride }) => stride),
        };
        expect((await readAndCount(storage, view, size)).read).toEqual(expected(storage, view, size));
      },
    ),
  );
});

it('a column of a large matrix is read in few parts, whichever way the matrix lies', async () => {
  const [rows, columns, size] = [400_000, 3, 4];
  const storage = new Uint8Array(rows * columns * size * 2);
  new Uint32Array(storage.buffer).forEach((_, i, all) => {
    all[i] = i;
  });
  const pair = { offset: 1, shape: [2, rows], strides: [rows * columns, columns] };
  const turned = { offset: 1, shape: [rows, 2], strides: [columns, rows * columns] };
  for (const view of [pair, turned]) {
    const { read, reads, bytes } = await readAndCount(storage, view, size);
    const values = new Uint32Array(read.buffer);
    const at = (row: number, side: number) => 1 + side * rows * columns + row * columns;
    const isTurned = view === turned;
    expect([values[0], values[1]]).toEqual(isTurned ? [at(0, 0), at(0, 1)] : [at(0, 0), at(1, 0)]);
    expect(values.at(-2)).toBe(isTurned ? at(rows - 1, 0) : at(rows - 2, 1));
    expect(reads).toBeLessThan(10);
    expect(bytes).toBeLessThanOrEqual(effortOf(view, size));
  }
});

it('elements far from one another cost an effort each, overlapping views too', () => {
  const step = 1 << 17;
  expect(effortOf({ offset: 0, shape: [100], strides: [step] }, 4)).toBeGreaterThan(100 * 60_000);
  const overlapping = { offset: 0, shape: [250, 250, 250], strides: [step + 2, step + 1, step] };
  expect(effortOf(overlapping, 1)).toBeGreaterThan(1e12);
  expect(effortOf({ offset: 0, shape: [1000, 50], strides: [50, 1] }, 4)).toBe(200_000);
});
