import { join } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { expect, it } from 'vitest';
import { openAutoencoder } from '../autoencoder/open-autoencoder.js';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import { convertModel } from '../convert.js';
import { CheckpointKeysError } from '../errors.js';
import { nitroKeys } from '../nitro/nitro-keys.js';
import { float32, inTemporaryFolder, largestError, openGraph, openWritten, run } from '../testing/golden.js';
import { randomArray, randomNumbers, writeRandomCheckpoint } from '../testing/random-weights.js';
import { type DcAeConfig, dcAeLayers } from './dc-ae-config.js';
import { dcAeDecoderGraph } from './dc-ae-decoder-graph.js';
import { dcAeKeys } from './dc-ae-keys.js';

const base = {
  latentChannels: 4,
  latentScale: 0.41407,
  stride: 4,
  layers: dcAeLayers([
    { width: 4, kinds: ['residual', 'residual'] },
    { width: 8, kinds: ['residual'] },
    { width: 16, kinds: ['efficient-vit', 'efficient-vit'] },
  ]),
  widths: [16, 4],
  headSize: 8,
  scales: [5],
  expansion: 4,
  epsilon: 1e-5,
} satisfies DcAeConfig;

/** A file with a whole autoencoder of random weights. */
async function withDcAe<T>(
  config: DcAeConfig,
  body: (file: Awaited<ReturnType<typeof openTensors>>, folder: string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'diffusion_pytorch_model.safetensors');
    await writeRandomCheckpoint(
      path,
      new Map([...dcAeKeys(config), ['encoder.conv_in.weight', [4, 3, 3, 3]]]),
    );
    const file = await openTensors(path);
    return body(file, folder).finally(() => file.close());
  });
}

it.each([
  ['of one scale', base],
  [
    'of two scales, a single level and no residual blocks',
    {
      ...base,
      layers: dcAeLayers([{ width: 16, kinds: ['efficient-vit'] }]),
      widths: [16, 16],
      stride: 1,
      scales: [3, 5],
      expansion: 2,
    },
  ],
  [
    'of attention on its finest level',
    {
      ...base,
      layers: dcAeLayers([
        { width: 8, kinds: ['efficient-vit'] },
        { width: 16, kinds: ['residual'] },
      ]),
      widths: [16, 8],
      stride: 2,
      headSize: 4,
    },
  ],
] as const)('the decoder %s computes what the float64 loop does, on grids of any size', async (_, config) => {
  await withDcAe(config as DcAeConfig, async (file) => {
    const { autoencoder, checkpoint } = openAutoencoder('dc-ae', file);
    expect(autoencoder).toMatchObject({ kind: 'DC-AE', stride: config.stride, rounding: 'down' });
    const weights: Record<string, ArrayLike<number>> = {};
    for (const key of autoencoder.forward.keys) weights[key] = await checkpoint.read(key);
    const session = await openGraph(autoencoder.graphs.decoder!);
    const next = randomNumbers(3);
    for (const [height, width] of [
      [2, 3],
      [1, 1],
      [4, 4],
    ] as const) {
      const data = randomArray(4 * height * width, next);
      const planes = { channels: 4, height, width, data: Float64Array.from(data) };
      const expected = autoencoder.forward.decode(weights, planes);
      const { image } = await run(session, { latents: float32(data, [1, 4, height, width]) });
      expect(expected).toMatchObject({ height: height * config.stride, width: width * config.stride });
      expect(largestError(image!, expected.data)).toBeLessThan(2e-5);
    }
    await session.release();
  });
});

it('the decoder computes in strips what it does in one piece, for any number of rows', async () => {
  const deep = {
    ...base,
    stride: 8,
    layers: dcAeLayers([
      { width: 4, kinds: ['residual', 'residual'] },
      { width: 8, kinds: ['residual'] },
      { width: 16, kinds: ['residual'] },
      { width: 16, kinds: ['efficient-vit'] },
    ]),
  } satisfies DcAeConfig;
  await withDcAe(deep, async (file) => {
    const checkpoint = new Checkpoint(file, 'decoder.conv_in.weight', { ignore: ['encoder.'] });
    const [whole, ...others] = await Promise.all(
      [1, 2, 4, 8].map((strips) => openGraph(dcAeDecoderGraph(deep, checkpoint, strips))),
    );
    const next = randomNumbers(3);
    for (const [height, width] of [
      [1, 1],
      [3, 2],
      [5, 4],
    ] as const) {
      const latents = float32(randomArray(4 * height * width, next), [1, 4, height, width]);
      const { image } = await run(whole!, { latents });
      for (const session of others)
        expect(largestError((await run(session, { latents })).image!, image!)).toBeLessThan(1e-6);
    }
    await Promise.all([whole!, ...others].map((session) => session.release()));
  });
});

it('a conversion compares it with the float64 loop, and knows it by its tensors', async () => {
  await withDcAe(base, async (_, folder) => {
    const mar = join(folder, 'nitro.safetensors');
    const keys = nitroKeys({
      grid: { height: 4, width: 4, channels: 4 },
      latents: { channels: 4, patchSize: 1, stride: 4 },
      prediction: 'velocity',
      trainSteps: 1000,
      decoder: { width: 16, heads: 2, hidden: 24, norm: 'layer' },
      split: [1, 1, 1],
      text: { length: 5, width: 12 },
      positionExtent: 96,
      head: { width: 16, depth: 1 },
      epsilon: 1e-6,
    });
    await writeRandomCheckpoint(mar, keys);
    const { forward, manifest } = await convertModel({
      mar: { checkpoint: mar, config: { sample_size: 4, max_length: 5, vae_stride: 4 } },
      vae: {
        checkpoint: join(folder, 'diffusion_pytorch_model.safetensors'),
        config: { scaling_factor: 0.5 },
      },
      out: join(folder, 'out'),
      ...{ dtype: 'fp32' as const, name: 'random', licence: 'none', source: 'random' },
      openGraph: openWritten,
    });
    expect(forward.map(({ output }) => output)).toEqual(['z', 'denoised', 'tokens', 'image']);
    for (const { error } of forward) expect(error).toBeLessThan(5e-6);
    expect(manifest.latents).toMatchObject({ scale: 0.5, stride: 4, rounding: 'down' });
  });
});

it('other kinds of layers and a decoder that lacks a tensor are refused', async () => {
  await withDcAe(base, async (file) => {
    for (const json of [
      { upsample_block_type: 'pixel_shuffle' as never },
      { decoder_norm_types: ['rms_norm', 'batch_norm'] },
      { decoder_act_fns: 'relu' },
      { scaling_factor: 0 },
    ])
      expect(() => openAutoencoder(json, file)).toThrow(InvalidOptionError);
    expect(() => openAutoencoder('dc-ae', file, { ignore: ['decoder.norm_out.'] })).toThrow(
      CheckpointKeysError,
    );
  });
});
