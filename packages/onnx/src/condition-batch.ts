import { type ClassInput, InvalidOptionError } from '@tessera/core';
import { assertGrid, type ConditionImage, gridLength, maskedPositions, typeNote } from '@tessera/core/model';
import type { Manifest } from '@tessera/format';
import type { ConditionBatch } from './mar-graphs.js';

/** Equal for images with equally many known and equally many wanted tokens: they can be one batch. */
export function countsKey({ grid, positions }: ConditionImage<ClassInput>): string {
  const known = grid.known.reduce((sum, value) => sum + (value ? 1 : 0), 0);
  return `${known} ${positions.length}`;
}

/** Rows: each image's conditional one, then the unconditional ones of those that are guided. */
export function conditionBatch(
  { grid, condition }: Manifest,
  images: readonly ConditionImage<ClassInput>[],
): ConditionBatch {
  const { channels } = grid;
  const length = gridLength(grid);
  const guided = images.filter((image) => image.guided);
  const rows = [...images, ...guided];
  const targetCount = images[0]!.positions.length;
  const positions = new Int32Array(rows.length * length);
  for (const image of images) assertGrid('grid', image.grid, grid);
  const parts = rows.map((image, row) => {
    const order = positionOrder(image, length);
    positions.set(order.positions, row * length);
    const tokens = new Float32Array(order.visible * channels);
    for (let i = 0; i < order.visible; i++) {
      const from = order.positions[i]! * channels;
      tokens.set(image.grid.tokens.subarray(from, from + channels), i * channels);
    }
    return tokens;
  });
  const tokens = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  for (const [row, part] of parts.entries()) tokens.set(part, row * part.length);
  const labels = Int32Array.from(rows, ({ input }, row) =>
    row < images.length ? classIndex(input, condition.count) : condition.count,
  );
  return { tokens, positions, labels, targetCount };
}

/** The grid's positions as the graph wants them: known, masked, wanted, each ascending. */
function positionOrder(
  { grid, positions }: ConditionImage<ClassInput>,
  length: number,
): { positions: number[]; visible: number } {
  const wanted = new Set(positions);
  const visible = [...grid.known.keys()].filter((position) => grid.known[position]);
  const rest = [...maskedPositions(grid.known)].filter((position) => !wanted.has(position));
  const order = [...visible, ...rest, ...positions];
  if (order.length !== length || wanted.size !== positions.length || positions.length === 0) {
    throw new InvalidOptionError(
      'positions',
      `[${positions}]`,
      'must name masked positions, each once, at least one',
    );
  }
  return { positions: order, visible: visible.length };
}

/** @throws InvalidOptionError where there is no such class */
export function classIndex(input: ClassInput, count: number): number {
  const { classLabel } = input ?? {};
  if (classLabel === null) return count;
  if (
    typeof classLabel !== 'number' ||
    !Number.isInteger(classLabel) ||
    classLabel < 0 ||
    classLabel >= count
  ) {
    const expectation = `must be null or an integer from 0 to ${count - 1}${typeNote(classLabel)}`;
    throw input
      ? new InvalidOptionError('classLabel', classLabel, expectation)
      : new InvalidOptionError('input', input, `must be { classLabel }, which ${expectation}`);
  }
  return classLabel;
}
