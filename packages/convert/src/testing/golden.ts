import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { GraphValue, RunnableGraph } from '../forward/graph-values.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { type SaveGraphOptions, saveGraph } from '../graph/graph-file.js';

/** A file of the recorded reference data. */
export function golden(path: string): string {
  return fileURLToPath(new URL(`../../../../fixtures/golden/${path}`, import.meta.url));
}

export async function goldenJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(golden(path), 'utf8')) as T;
}

/** Runs `body` in a folder of its own that is gone afterwards. */
export async function inTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-convert-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Saves a graph and opens it on the CPU. */
export async function openGraph(
  graph: GraphBuilder,
  options: SaveGraphOptions = { storage: 'fp32' },
): Promise<InferenceSession> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, `${graph.name}.onnx`);
    await saveGraph(graph, path, options);
    return InferenceSession.create(path, { logSeverityLevel: 3 });
  });
}

/** Opens a graph that a conversion wrote, as it asks for. */
export async function openWritten(path: string): Promise<RunnableGraph> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  return {
    run: async (feeds) => {
      const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        new Tensor(type, data, dims),
      ]);
      return (await session.run(Object.fromEntries(tensors))) as unknown as Record<string, GraphValue>;
    },
    release: () => session.release(),
  };
}

export const float32 = (data: Float32Array, dims: readonly number[]): Tensor =>
  new Tensor('float32', data, dims);

export const int32 = (data: readonly number[] | Int32Array, dims: readonly number[]): Tensor =>
  new Tensor('int32', Int32Array.from(data), dims);

/** Runs a session; outputs by name as float32 arrays. */
export async function run(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Float32Array>> {
  const outputs = await session.run({ ...feeds });
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]),
  );
}

/** The largest absolute difference. NaN where either holds a NaN or the lengths differ. */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}
