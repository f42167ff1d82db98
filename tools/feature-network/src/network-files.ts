import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { float32ToFloat16, type GraphBuilder, saveGraph } from '@tessera/convert';
import type { ImageRgb } from '@tessera/core';
import { type ExtractedFeatures, type NetworkDescription, onnxNetwork } from '@tessera/evaluate';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Makes files in a folder beside, and moves them once all are there, so that a failure leaves the old ones as they were. */
export async function replaceFiles<Result>(
  folder: string,
  names: readonly string[],
  make: (folder: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(folder, { recursive: true });
  const made = await mkdtemp(join(folder, 'new-'));
  try {
    const result = await make(made);
    for (const name of names) await rename(join(made, name), join(folder, name));
    return result;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** Saves a graph with weights in half precision: the reference is seen by the network as it is stored. */
export async function saveHalf(graph: GraphBuilder, path: string): Promise<void> {
  const { keptFloat32 } = await saveGraph(graph, path, { storage: 'fp16' });
  if (keptFloat32.length > 0) throw new Error(`Weights beyond half precision: ${keptFloat32.join(', ')}.`);
}

/** float16 bits of features. */
export function halvesOf(features: Float32Array): Uint16Array {
  const halves = float32ToFloat16(features);
  if (!halves) throw new Error('A feature of a real picture is beyond half precision.');
  return halves;
}

/** What a stored network sees. */
export async function featuresBy(
  graph: string,
  description: NetworkDescription,
  pictures: readonly ImageRgb[],
): Promise<ExtractedFeatures> {
  const session = await InferenceSession.create(graph);
  try {
    return await onnxNetwork({ session, Tensor, description }).extract(pictures);
  } finally {
    await session.release();
  }
}

/** What a description says of a file. */
export async function checksum(path: string): Promise<{ bytes: number; sha256: string }> {
  const bytes = await readFile(path);
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
