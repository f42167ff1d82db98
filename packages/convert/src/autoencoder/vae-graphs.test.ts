import type { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import { float32, golden, goldenJson, largestError, openGraph, run } from '../testing/golden.js';
import { resolveVaeConfig, type VaeConfigJson } from './vae-config.js';
import { vaeGraphs } from './vae-graphs.js';

describe.each(['fp32', 'fp16'] as const)(
  'the graphs of the recorded autoencoder, weights in %s',
  (storage) => {
    let decoder: InferenceSession;
    let encoder: InferenceSession;

    beforeAll(async () => {
      const weights = await openTensors(golden('vae/weights.safetensors'));
      const config = resolveVaeConfig(await goldenJson<VaeConfigJson>('vae/config.json'));
      const graphs = vaeGraphs(config, new Checkpoint(weights, 'post_quant_conv.weight'));
      decoder = await openGraph(graphs.decoder, { storage });
      encoder = await openGraph(graphs.encoder, { storage });
      await weights.close();
    });
    afterAll(async () => {
      await decoder.release();
      await encoder.release();
    });

    it.each(['decode_sq4', 'decode_rect', 'decode_sq8'])(
      'decode the latents of %s as the reference does',
      async (name) => {
        const file = await openTensors(golden(`vae/${name}.safetensors`));
        const { image } = await run(decoder, {
          latents: float32(await file.readFloats('z'), file.shape('z')),
        });
        expect(largestError(image!, await file.readFloats('image'))).toBeLessThan(5e-5);
        await file.close();
      },
    );

    it.each(['encode_sq4', 'encode_rect'])('encode the image of %s as the reference does', async (name) => {
      const file = await openTensors(golden(`vae/${name}.safetensors`));
      const { moments } = await run(encoder, {
        image: float32(await file.readFloats('image'), file.shape('image')),
      });
      expect(largestError(moments!, await file.readFloats('moments'))).toBeLessThan(5e-5);
      await file.close();
    });
  },
);
