import { join } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { expect, it } from 'vitest';
import { openTensors } from '../checkpoint/open-tensors.js';
import { diffusersVaeKeys } from '../testing/diffusers-vae-keys.js';
import { float32, inTemporaryFolder, largestError, openGraph, run } from '../testing/golden.js';
import { randomArray, randomNumbers, writeRandomCheckpoint } from '../testing/random-weights.js';
import { publishedConfig } from './diffusers-config.js';
import { openAutoencoder } from './open-autoencoder.js';

// As the config.json of Stable Diffusion 3's autoencoder, with sizes of two narrow levels.
const CONFIG = {
  _class_name: 'AutoencoderKL',
  block_out_channels: [32, 64],
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 32,
  scaling_factor: 1.5305,
  shift_factor: 0.0609,
  use_quant_conv: false,
  use_post_quant_conv: false,
};

async function withAutoencoder(
  body: (file: Awaited<ReturnType<typeof openTensors>>) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const keys = [...diffusersVaeKeys()].filter(([key]) => !/^(post_)?quant_conv\./.test(key));
    const path = join(folder, 'diffusion_pytorch_model.safetensors');
    await writeRandomCheckpoint(path, new Map(keys));
    const file = await openTensors(path);
    await body(file).finally(() => file.close());
  });
}

it('an autoencoder without quantising convolutions computes what the float64 loop does', async () => {
  await withAutoencoder(async (file) => {
    const { autoencoder, checkpoint } = openAutoencoder(CONFIG, file);
    expect(autoencoder).toMatchObject({ latentScale: 1.5305, latentShift: 0.0609, stride: 2 });
    const weights: Record<string, ArrayLike<number>> = {};
    for (const key of autoencoder.forward.keys) weights[key] = await checkpoint.read(key);
    const next = randomNumbers(3);
    for (const [side, forward, channels, size] of [
      ['decoder', autoencoder.forward.decode, 4, 2],
      ['encoder', autoencoder.forward.encode!, 3, 4],
    ] as const) {
      const data = randomArray(channels * size * size, next);
      const expected = forward(weights, {
        channels,
        height: size,
        width: size,
        data: Float64Array.from(data),
      });
      const session = await openGraph(autoencoder.graphs[side]!, { storage: 'fp32' });
      const input = float32(data, [1, channels, size, size]);
      const outputs = await run(session, side === 'decoder' ? { latents: input } : { image: input });
      await session.release();
      const [actual] = Object.values(outputs);
      expect(actual).toHaveLength(expected.data.length);
      expect(largestError(actual!, expected.data)).toBeLessThan(1e-4);
    }
  });
});

it('an autoencoder without quantising convolutions is not taken for kl16, whose latents have another scale', async () => {
  await withAutoencoder(async (file) => {
    expect(() => openAutoencoder('kl16', file)).toThrow(/config\.json/);
  });
});

it.each([
  { scaling_factor: undefined },
  { use_quant_conv: true },
  { mid_block_add_attention: false },
  { block_out_channels: [] },
])('a configuration with %o is refused', (change) => {
  expect(() => publishedConfig({ ...CONFIG, ...change } as typeof CONFIG)).toThrow(InvalidOptionError);
});
