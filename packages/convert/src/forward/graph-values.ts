import type { GridShape } from '@tessera/core';
import type { ElementType } from '../graph/onnx-writer.js';
import type { ReadTensor } from './float64-layers.js';

/** A tensor that goes into a graph, or comes out. */
export interface GraphValue {
  readonly type: ElementType;
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array | Uint16Array;
  readonly dims: readonly number[];
}

/** A graph that can be run: `openGraph` of @tessera/runtime-node gives one. */
export interface RunnableGraph {
  /** @returns all outputs by name */
  run(feeds: Readonly<Record<string, GraphValue>>): Promise<Readonly<Record<string, GraphValue>>>;
  release(): Promise<void>;
}

/** How far a graph's output is off, relative to its size. */
export interface Deviation {
  readonly error: number;
  readonly graph: string;
}

/** What z is compared on: a checkpoint's tensors, and the graphs made of them. */
export interface ConditionSource {
  readonly read: ReadTensor;
  /** Opens a graph by its name; the next one is opened when it is released. */
  readonly open: (graph: string) => Promise<RunnableGraph>;
}

/** Runs a graph whose outputs are float32, and releases it. */
export async function runOnce(
  graph: RunnableGraph,
  feeds: Readonly<Record<string, GraphValue>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  try {
    const outputs = Object.entries(await graph.run(feeds));
    return Object.fromEntries(outputs.map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await graph.release();
  }
}

export const floats = (data: Float32Array, dims: readonly number[]): GraphValue => ({
  type: 'float32',
  data,
  dims,
});
export const integers = (data: readonly number[], dims: readonly number[]): GraphValue => ({
  type: 'int32',
  data: Int32Array.from(data),
  dims,
});

/** Numbers of unit order that repeat nowhere; another `seed` gives others. */
export const numbers = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sqrt(2) * Math.sin((i + 1) * (seed + 1) * 12.9898));

export function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Rows of the text that forward passes are compared on: few, so that the pass stays cheap for the largest models. */
const TEXT_ROWS = 4;

/** A text's features [rows, width], and as a graph takes them. */
export function someText(width: number): {
  readonly rows: readonly Float64Array[];
  readonly input: GraphValue;
} {
  const rows = Array.from({ length: TEXT_ROWS }, (_, n) => numbers(width, 10 + n));
  return {
    rows: rows.map((row) => Float64Array.from(row)),
    input: floats(joined(rows), [1, TEXT_ROWS, width]),
  };
}

/**
 * An image with two known tokens, of which one masked position is wanted. All other masked ones stand at one position, so
 * that a pass has a few rows, whatever the grid.
 */
export function someImage({ height, width, channels }: GridShape) {
  const length = height * width;
  const known = length > 2 ? [0, length - 1] : [];
  const [other, wanted] = [Math.min(1, length - 1), length >> 1];
  const count = length - known.length - 1;
  const tokens = known.map((_, n) => numbers(channels, n));
  return {
    length,
    /** As the forward passes take them. */
    known: known.map((position, n) => ({ position, token: tokens[n]! })),
    masked: [...(count > 0 ? [{ position: other, count }] : []), { position: wanted }],
    /** As graphs take them: the known tokens, their positions, and the positions of all rows, the wanted one last. */
    tokens: floats(joined(tokens), [1, known.length, channels]),
    knownPositions: integers(known, [1, known.length]),
    positions: integers([...known, ...new Array<number>(count).fill(other), wanted], [1, length]),
  };
}

export function relativeError(actual: ArrayLike<number>, expected: Float64Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  expected.forEach((value, i) => {
    difference += (actual[i]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}
