import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTensors, saveGraph, writeSafetensors } from '@tessera/convert';
import { keyedNoise } from '@tessera/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeGraph, judgeSizes } from './judge-graph.js';
import { judgeByDefinition, randomJudge } from './testing/reference-judge.js';

const SIDE = 16;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-judge-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('judgeGraph', () => {
  it('computes what the network defines', async () => {
    const weights = randomJudge(1);
    const path = join(folder, 'judge.safetensors');
    await writeSafetensors(path, weights);
    const file = await openTensors(path);
    const sizes = judgeSizes(file, SIDE);
    expect(sizes).toEqual({ side: SIDE, features: 10, classes: 3, damages: 4 });
    await saveGraph(judgeGraph(file, sizes), join(folder, 'judge.onnx'), { storage: 'fp32' });
    await file.close();

    const session = await InferenceSession.create(join(folder, 'judge.onnx'), { intraOpNumThreads: 1 });
    const images = keyedNoise({ seed: 2 }).normal(new Float32Array(2 * 3 * SIDE * SIDE));
    const outputs = await session.run({ image: new Tensor('float32', images, [2, 3, SIDE, SIDE]) });
    for (let i = 0; i < 2; i++) {
      const image = images.subarray(i * 3 * SIDE * SIDE, (i + 1) * 3 * SIDE * SIDE);
      for (const [name, expected] of Object.entries(judgeByDefinition(weights, image, SIDE))) {
        const given = outputs[name]!.data.slice(i * expected.length, (i + 1) * expected.length);
        for (const [k, value] of expected.entries()) expect(given[k], name).toBeCloseTo(value, 4);
      }
    }
    await session.release();
  });
});
