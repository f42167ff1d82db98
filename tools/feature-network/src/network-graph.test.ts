import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTensors, saveGraph, writeSafetensors } from '@tessera/convert';
import { keyedNoise } from '@tessera/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkGraph, networkSizes } from './network-graph.js';
import { networkByDefinition, randomNetwork } from './testing/reference-network.js';

const SIDE = 16;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-network-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('networkGraph', () => {
  it('computes what the network defines', async () => {
    const weights = randomNetwork(1);
    const path = join(folder, 'network.safetensors');
    await writeSafetensors(path, weights);
    const file = await openTensors(path);
    const sizes = networkSizes(file, SIDE);
    expect(sizes).toEqual({ side: SIDE, features: 10, classes: 3, damages: 4 });
    await saveGraph(networkGraph(file, sizes), join(folder, 'feature-network.onnx'), { storage: 'fp32' });
    await file.close();

    const session = await InferenceSession.create(join(folder, 'feature-network.onnx'), {
      intraOpNumThreads: 1,
    });
    const images = keyedNoise({ seed: 2 }).normal(new Float32Array(2 * 3 * SIDE * SIDE));
    const outputs = await session.run({ image: new Tensor('float32', images, [2, 3, SIDE, SIDE]) });
    for (let i = 0; i < 2; i++) {
      const image = images.subarray(i * 3 * SIDE * SIDE, (i + 1) * 3 * SIDE * SIDE);
      for (const [name, expected] of Object.entries(networkByDefinition(weights, image, SIDE))) {
        const given = outputs[name]!.data.slice(i * expected.length, (i + 1) * expected.length);
        for (const [k, value] of expected.entries()) expect(given[k], name).toBeCloseTo(value, 4);
      }
    }
    await session.release();
  });
});
