import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GraphBuilder, openTensors, saveGraph, writeSafetensors } from '@tessera/convert';
import { keyedNoise } from '@tessera/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkGraph, networkSizes } from './network-graph.js';
import { sceneGraph, sceneSizes } from './scene-graph.js';
import {
  networkByDefinition,
  randomNetwork,
  randomSceneNetwork,
  sceneNetworkByDefinition,
  type Weight,
} from './testing/reference-network.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-network-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a graph on two random pictures and compares every output with that of plain loops. */
async function expectAsDefined(
  graph: GraphBuilder,
  side: number,
  byDefinition: (image: Float32Array) => Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const path = join(folder, 'network.onnx');
  await saveGraph(graph, path, { storage: 'fp32' });
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const images = keyedNoise({ seed: 2 }).normal(new Float32Array(2 * 3 * side * side));
  const outputs = await session.run({ image: new Tensor('float32', images, [2, 3, side, side]) });
  for (let i = 0; i < 2; i++) {
    const image = images.subarray(i * 3 * side * side, (i + 1) * 3 * side * side);
    for (const [name, expected] of Object.entries(byDefinition(image))) {
      const given = outputs[name]!.data.slice(i * expected.length, (i + 1) * expected.length);
      for (const [k, value] of expected.entries()) expect(given[k], name).toBeCloseTo(value, 4);
    }
  }
  await session.release();
}

async function opened(weights: Readonly<Record<string, Weight>>) {
  const path = join(folder, 'network.safetensors');
  await writeSafetensors(path, weights);
  return openTensors(path);
}

describe('networkGraph', () => {
  it('computes what the network defines', async () => {
    const weights = randomNetwork(1);
    const file = await opened(weights);
    const sizes = networkSizes(file, 16);
    expect(sizes).toEqual({ side: 16, features: 10, classes: 3, damages: 4 });
    await expectAsDefined(networkGraph(file, sizes), 16, (image) => networkByDefinition(weights, image, 16));
    await file.close();
  });
});

describe('sceneGraph', () => {
  it('computes what the network defines', async () => {
    const weights = randomSceneNetwork(1);
    const file = await opened(weights);
    const sizes = sceneSizes(file, 64);
    expect(sizes).toEqual({ side: 64, features: 9, damages: 4, cells: 11 });
    await expectAsDefined(sceneGraph(file, sizes), 64, (image) =>
      sceneNetworkByDefinition(weights, image, 64),
    );
    await file.close();
  });
});
