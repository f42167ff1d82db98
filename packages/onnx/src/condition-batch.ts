import { InvalidOptionError } from '@tessera/core';
import {
  type ClassInput,
  type ConditionImage,
  gridLength,
  maskedPositions,
  typeNote,
} from '@tessera/core/model';
import type { Classes } from '@tessera/format';

/** Equal for images with equally many known and equally many wanted tokens: they can be one batch. */
export function countsKey({ grid, positions }: Pick<ConditionImage<unknown>, 'grid' | 'positions'>): string {
  const known = grid.known.reduce((sum, value) => sum + (value ? 1 : 0), 0);
  return `${known} ${positions.length}`;
}

/** Tokens and positions of images with equally many known and equally many wanted tokens. */
export interface TokenBatch {
  /** [B, V, C], the known tokens. */
  readonly tokens: Float32Array;
  /** [B, L], a permutation: V known positions, then other masked ones, then the `targetCount` targets. */
  readonly positions: Int32Array;
  /** T ≥ 1. */
  readonly targetCount: number;
}

export function tokenBatch(images: readonly Omit<ConditionImage<unknown>, 'input' | 'guided'>[]): TokenBatch {
  const { channels, ...sides } = images[0]!.grid.shape;
  const length = gridLength(sides);
  const positions = new Int32Array(images.length * length);
  const parts = images.map((image, row) => {
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
  return { tokens, positions, targetCount: images[0]!.positions.length };
}

/** Rows [B] of the transformer: conditional and unconditional ones are alike. */
export interface ConditionBatch extends TokenBatch {
  /** [B], class indices; the class count stands for no class. */
  readonly labels: Int32Array;
}

/** Rows: each image's conditional one, then the unconditional ones of those that are guided. */
export function conditionBatch(
  { count }: Classes,
  images: readonly ConditionImage<ClassInput>[],
): ConditionBatch {
  const rows = [...images, ...images.filter((image) => image.guided)];
  const labels = Int32Array.from(rows, ({ input }, row) =>
    row < images.length ? classIndex(input, count) : count,
  );
  return { ...tokenBatch(rows), labels };
}

/** The grid's positions as the graph wants them: known, masked, wanted, each ascending. */
export function positionOrder(
  { grid, positions }: Pick<ConditionImage<unknown>, 'grid' | 'positions'>,
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
