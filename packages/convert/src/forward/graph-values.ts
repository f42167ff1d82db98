import type { ReadTensor } from './float64-layers.js';

/** An input of a graph. */
export interface GraphInput {
  readonly data: Float32Array | Int32Array;
  readonly dims: readonly number[];
}

/** A graph that can be run: `openGraph` of @tessera/runtime-node gives one. */
export interface RunnableGraph {
  run(feeds: Readonly<Record<string, GraphInput>>): Promise<Readonly<Record<string, Float32Array>>>;
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

/** Runs a graph and releases it. */
export async function runOnce(
  graph: RunnableGraph,
  feeds: Readonly<Record<string, GraphInput>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  try {
    return await graph.run(feeds);
  } finally {
    await graph.release();
  }
}

export const floats = (data: Float32Array, dims: readonly number[]): GraphInput => ({ data, dims });
export const integers = (data: readonly number[], dims: readonly number[]): GraphInput => ({
  data: Int32Array.from(data),
  dims,
});

/** Numbers of unit order that repeat nowhere; another `seed` gives others. */
export const numbers = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sqrt(2) * Math.sin((i + 1) * (seed + 1) * 12.9898));

export function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
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
