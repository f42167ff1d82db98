import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inTemporaryFolder } from '../testing/golden.js';
import { assertHolds } from './checkpoint-contents.js';
import { openTensors } from './open-tensors.js';
import { writeSafetensors } from './safetensors-writer.js';

const VAE = ['loss.logvar', 'model.post_quant_conv.weight'];
const MODEL = ['model_ema.fake_latent', 'model_ema.encoder_blocks.0.norm1.bias'];
const LORA = ['base.encoder_blocks.0.attn.qkv.lora_A.weight'];

it.each([
  ['model', MODEL, undefined],
  ['autoencoder', VAE, undefined],
  ['model', ['unknown'], undefined],
  ['model', VAE, 'holds an autoencoder where a model is needed. Give the model first'],
  ['autoencoder', MODEL, 'holds a model where an autoencoder is needed. Give it first'],
  ['autoencoder', ['lora_down'], 'holds a LoRA'],
  ['model', LORA, 'holds a LoRA'],
] as const)('where a %s is needed, %j is told apart', async (wanted, names, words) => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    const tensor = { shape: [1], data: Float32Array.of(1) };
    await writeSafetensors(path, Object.fromEntries(names.map((name) => [name, tensor])));
    const file = await openTensors(path);
    const assertion = () => assertHolds(file, wanted);
    if (words === undefined) expect(assertion).not.toThrow();
    else expect(assertion).toThrow(`${path} can't be read: it ${words}`);
    await file.close();
  });
});
