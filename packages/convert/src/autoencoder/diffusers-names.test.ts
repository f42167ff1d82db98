import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTensors } from '../checkpoint/open-tensors.js';
import { type TensorToWrite, writeSafetensors } from '../checkpoint/safetensors-writer.js';
import { diffusersVaeKeys } from '../testing/diffusers-vae-keys.js';
import { inTemporaryFolder } from '../testing/golden.js';
import { publishedNames } from './diffusers-names.js';
import { KL16, resolveVaeConfig } from './vae-config.js';
import { vaeKeys } from './vae-layers.js';

it('an autoencoder of diffusers has the names and shapes of the published code', async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'vae.safetensors');
    const tensors = [...diffusersVaeKeys()].map(([name, shape], i): [string, TensorToWrite] => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [name, { shape, data: new Float32Array(size).fill(i) }];
    });
    await writeSafetensors(path, Object.fromEntries(tensors));
    const file = await openTensors(path);
    const renamed = publishedNames(file);
    const sizes = { ...KL16, ch: 32, ch_mult: [1, 2], num_res_blocks: 1, z_channels: 4, embed_dim: 4 };
    const expected = vaeKeys(resolveVaeConfig({ ...sizes, encoder_attn_resolutions: [] }));
    const shapes = new Map(renamed.names.map((name) => [name, renamed.shape(name)]));
    expect(new Map([...shapes].sort())).toEqual(new Map([...expected].sort()));
    const coarsest = await file.readFloats('decoder.up_blocks.0.upsamplers.0.conv.bias');
    expect(await renamed.readFloats('decoder.up.1.upsample.conv.bias')).toEqual(coarsest);
    expect(await renamed.readFloats('decoder.mid.attn_1.q.weight', [1, 2])).toHaveLength(64);
    await renamed.close();
  });
});

it('a file of any other names stays as it is', async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    await writeSafetensors(path, {
      'decoder.up.0.block.0.conv1.bias': { shape: [1], data: Float32Array.of(1) },
    });
    const file = await openTensors(path);
    expect(publishedNames(file)).toBe(file);
    await file.close();
  });
});
