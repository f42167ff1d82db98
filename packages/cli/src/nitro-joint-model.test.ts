import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Checkpoint,
  convertModel,
  forwardJointPicture,
  type NitroConfig,
  nitroKeys,
  openTensors,
  writeSafetensors,
} from '@tessera/convert';
import { constantGuidance, generateImages, keyedNoise, randomOrder } from '@tessera/core';
import { proxyModel, type TextFeatures } from '@tessera/core/model';
import { type LoadedModel, loadModel, openGraph, recordSample } from '@tessera/runtime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The variant of Nitro-AR that draws a token of the whole picture, then all tokens in one step.

const folder = await mkdtemp(join(tmpdir(), 'tessera-nitro-joint-'));
const checkpoint = join(folder, 'joint.safetensors');
const config: NitroConfig = {
  grid: { height: 4, width: 4, channels: 4 },
  latents: { channels: 4, patchSize: 1, stride: 4 },
  prediction: 'velocity',
  trainSteps: 1000,
  decoder: { width: 16, heads: 2, hidden: 24, norm: 'rms' },
  split: [2, 1, 1],
  text: { length: 3, width: 12 },
  positionExtent: 96,
  head: { width: 64, depth: 2, attention: { heads: 1, hidden: 40 } },
  epsilon: 1e-6,
};
let model: LoadedModel;

beforeAll(async () => {
  const noise = keyedNoise({ seed: 9 });
  const tensors = [...nitroKeys(config)].map(([key, shape]) => {
    const data = noise.fork(key).normal(new Float32Array(shape.reduce((a, b) => a * b, 1)));
    const isNorm = shape.length === 1 && key.endsWith('weight');
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    const scale = shape.length === 1 ? 0.3 : 0.8 / Math.sqrt(fanIn);
    return [key, { shape, data: data.map((value) => (isNorm ? 1 : 0) + scale * value) }] as const;
  });
  await writeSafetensors(checkpoint, Object.fromEntries(tensors));
  const out = join(folder, 'joint');
  await convertModel({
    mar: {
      checkpoint,
      config: { sample_size: config.grid.width, max_length: config.text.length, vae_stride: 4 },
    },
    ...{ out, dtype: 'fp32', name: 'joint', licence: 'none', source: 'random', openGraph, recordSample },
  });
  model = await loadModel(out, { device: 'cpu', threads: 1 });
}, 60_000);
afterAll(async () => {
  await model.dispose();
  await rm(folder, { recursive: true, force: true });
});

const featuresOf = (seed: number): TextFeatures => ({
  features: keyedNoise({ seed }).normal(new Float32Array(config.text.length * config.text.width)),
});

/** The tokens of pictures that aren't decoded: there is no decoder. */
async function tokensOf(
  seeds: readonly number[],
  { steps = 6, guidanceScale = 4 }: { readonly steps?: number; readonly guidanceScale?: number } = {},
): Promise<readonly Float32Array[]> {
  const blank = { width: 1, height: 1, data: new Uint8Array(3) };
  const pictures = await generateImages({
    model: proxyModel(model, { decode: async (grids: readonly unknown[]) => grids.map(() => blank) }),
    policy: randomOrder({ steps: 1, diffusionSteps: steps }),
    guidance: constantGuidance(guidanceScale),
    requests: seeds.map((seed) => ({
      seed,
      input: { prompt: featuresOf(seed), negativePrompt: featuresOf(99) },
    })),
  });
  return pictures.map(({ grid }) => grid.tokens);
}

describe('the joint variant of Nitro-AR', () => {
  const { channels } = config.grid;

  it('draws what a loop in float64 draws, by its chain and by single steps of another number', async () => {
    const file = await openTensors(checkpoint);
    const weights = new Checkpoint(file, 'mask_token');
    const rows = ({ features }: TextFeatures): Float64Array[] =>
      Array.from({ length: config.text.length }, (_, row) =>
        Float64Array.from(features.subarray(row * config.text.width, (row + 1) * config.text.width)),
      );
    const noise = keyedNoise({ seed: 5 });
    const picture = {
      text: rows(featuresOf(5)),
      nullText: rows(featuresOf(99)),
      guidanceScale: 4,
      globalNoise: Float64Array.from(
        noise.fork('global token').tokenNormal(0, 0, new Float32Array(channels)),
      ),
      noise: Array.from({ length: 16 }, (_, position) =>
        Float64Array.from(noise.tokenNormal(position, 0, new Float32Array(channels))),
      ),
      steps: 6,
    };
    const expected = await forwardJointPicture((key) => weights.read(key), config, picture);
    await file.close();
    const [tokens] = await tokensOf([5]);
    const largest = Math.max(...expected.flatMap((row) => [...row].map(Math.abs)));
    for (const [position, row] of expected.entries())
      for (const [i, value] of row.entries())
        expect(Math.abs(tokens![position * channels + i]! - value)).toBeLessThan(1e-4 * largest);
    expect((await model.runStatistics()).chain?.runs).toBeGreaterThan(0);
    const [other] = await tokensOf([5], { steps: 4 });
    expect(other).toHaveLength(tokens!.length);
    expect(other).not.toEqual(tokens);
  });

  it('draws a picture the same in a batch as alone, and by its seed', async () => {
    const [alone] = await tokensOf([2]);
    const [first, second] = await tokensOf([2, 3]);
    for (const [i, value] of alone!.entries()) expect(Math.abs(first![i]! - value)).toBeLessThan(1e-4);
    expect(second).not.toEqual(first);
    const [unguided] = await tokensOf([2], { guidanceScale: 1 });
    expect(unguided).not.toEqual(alone);
  });

  it('refuses to draw a part of the positions by a sentence, whatever is to come between', async () => {
    const request = { seed: 1, input: { prompt: featuresOf(1), negativePrompt: featuresOf(2) } };
    const several = generateImages({ model, policy: randomOrder({ steps: 2 }), requests: [request] });
    await expect(several).rejects.toThrow(/all 16 positions in one step.*mar:1x6/);
  });
});
