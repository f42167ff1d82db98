import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import type { Planes } from '../forward/planes.js';
import { forwardDecode, forwardEncode } from '../forward/vae-forward.js';
import { float32, inTemporaryFolder, largestError, openGraph, run } from '../testing/golden.js';
import { randomArray, randomNumbers, writeRandomCheckpoint } from '../testing/random-weights.js';
import { KL16, resolveVaeConfig, type VaeConfigJson } from './vae-config.js';
import { vaeGraphs } from './vae-graphs.js';
import { vaeKeys } from './vae-layers.js';

const shuffled: VaeConfigJson = {
  ch: 6,
  ch_mult: [1],
  num_res_blocks: 1,
  z_channels: 3,
  embed_dim: 2,
  resolution: 8,
  group_norm_groups: 3,
  pixel_shuffle: 4,
};
const attentive: VaeConfigJson = {
  ch: 4,
  ch_mult: [1, 3],
  num_res_blocks: 2,
  z_channels: 2,
  encoder_attn_resolutions: [16],
  decoder_attn_resolutions: [16, 8],
  resolution: 16,
  group_norm_groups: 2,
};

const cases: [string, VaeConfigJson][] = [
  ['pixel-shuffle, one level and a latent narrower than z', shuffled],
  ['attention at levels that differ between encoder and decoder', attentive],
];

describe.each(cases)('an autoencoder with %s', (_, json) => {
  it('decodes and encodes as the reference does, images that are not square included', async () => {
    await inTemporaryFolder(async (folder) => {
      const config = resolveVaeConfig(json);
      const path = join(folder, 'vae.safetensors');
      await writeRandomCheckpoint(path, vaeKeys(config));
      const file = await openTensors(path);
      const weights: Record<string, ArrayLike<number>> = {};
      for (const name of file.names) weights[name] = await file.readFloats(name);
      const graphs = vaeGraphs(config, new Checkpoint(file, 'post_quant_conv.weight'));
      const decoder = await openGraph(graphs.decoder);
      const encoder = await openGraph(graphs.encoder);
      await file.close();

      const next = randomNumbers(17);
      const [batch, height, width] = [2, 3, 4];
      const image = (
        [channels, rows, columns]: readonly [number, number, number],
        data: Float32Array,
      ): Planes => ({
        channels,
        height: rows,
        width: columns,
        data: Float64Array.from(data),
      });
      const check = (actual: Float32Array, size: number, at: (from: number, to: number) => Planes): void => {
        const outputs = actual.length / batch;
        for (let i = 0; i < batch; i++) {
          const expected = at(i * size, (i + 1) * size).data;
          expect(largestError(actual.subarray(i * outputs, (i + 1) * outputs), expected)).toBeLessThan(5e-5);
        }
      };

      const latentShape = [config.latentChannels, height, width] as const;
      const latents = randomArray(batch * config.latentChannels * height * width, next);
      const decoded = await run(decoder, { latents: float32(latents, [batch, ...latentShape]) });
      check(decoded.image!, latents.length / batch, (from, to) =>
        forwardDecode(weights, config, image(latentShape, latents.subarray(from, to))),
      );

      const imageShape = [3, height * config.stride, width * config.stride] as const;
      const pixels = randomArray(batch * 3 * imageShape[1] * imageShape[2], next);
      const encoded = await run(encoder, { image: float32(pixels, [batch, ...imageShape]) });
      check(encoded.moments!, pixels.length / batch, (from, to) =>
        forwardEncode(weights, config, image(imageShape, pixels.subarray(from, to))),
      );
      await decoder.release();
      await encoder.release();
    });
  });
});

describe('an autoencoder’s configuration', () => {
  it('knows the stride and the attention of the released one', () => {
    const { stride, encoderAttention, decoderAttention, widths } = resolveVaeConfig(KL16);
    expect(stride).toBe(16);
    expect(widths).toEqual([128, 128, 256, 256, 512]);
    expect(encoderAttention).toEqual([false, false, false, false, true]);
    expect(decoderAttention).not.toContain(true);
  });

  it('is refused by its name where there is no such preset', () => {
    expect(() => resolveVaeConfig('kl-16' as 'kl16')).toThrow(
      expect.objectContaining({ code: 'invalid-option', option: 'vae.config' }),
    );
  });

  it.each([
    ['in_channels', { in_channels: 4 }],
    ['double_z', { double_z: false }],
    ['group_norm_groups', { group_norm_groups: 5 }],
    ['num_res_blocks', { num_res_blocks: 0 }],
    ['ch_mult.length', { ch_mult: [] }],
    ['ch_mult', { ch_mult: undefined }],
    ['ch_mult', { ch_mult: [1, '2'] }],
    ['embed_dim', { embed_dim: 0 }],
    ['resolution', { resolution: 'large' }],
    ['decoder_attn_resolutions', { decoder_attn_resolutions: 16 }],
    ['group_norm_eps', { group_norm_eps: -1 }],
    ['latent_scale', { latent_scale: 0 }],
  ])('is refused for its %s', (option, change) => {
    expect(() => resolveVaeConfig({ ...KL16, ...change } as VaeConfigJson)).toThrow(
      expect.objectContaining({ code: 'invalid-option', option }),
    );
  });
});
