import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import type { TensorToWrite } from '../checkpoint/safetensors-writer.js';
import type { TensorFile } from '../checkpoint/tensor-file.js';
import { CheckpointKeysError } from '../errors.js';
import { golden, goldenJson, inTemporaryFolder } from '../testing/golden.js';
import { writeRandomCheckpoint } from '../testing/random-weights.js';
import { type MarConfigJson, resolveMarConfig } from './mar-config.js';
import { marGraphs } from './mar-graphs.js';
import { marKeys } from './mar-keys.js';
import { MAR_PRESETS } from './mar-presets.js';

/** A checkpoint that holds nothing: what a preset says must be enough by itself. */
const EMPTY: TensorFile = {
  path: 'empty',
  names: [],
  metadata: {},
  has: () => false,
  shape: () => [],
  dtype: () => 'F32',
  readBytes: () => Promise.resolve(new Uint8Array()),
  read: async () => new Float32Array(),
  readFloats: async () => new Float32Array(),
  close: async () => {},
};

const parameters = (preset: MarConfigJson): number => {
  const keys = marKeys(resolveMarConfig(preset, new Checkpoint(EMPTY, 'fake_latent')));
  return [...keys.values()].reduce(
    (sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1),
    0,
  );
};

describe('a MAR configuration', () => {
  it('has the published number of parameters, in millions rounded up, for each released model', () => {
    expect(Math.ceil(parameters(MAR_PRESETS['mar-base']) / 1e6)).toBe(208);
    expect(Math.ceil(parameters(MAR_PRESETS['mar-large']) / 1e6)).toBe(479);
    expect(Math.ceil(parameters(MAR_PRESETS['mar-huge']) / 1e6)).toBe(943);
  });

  it('is the same whether sizes are given or read off the tensors', async () => {
    const file = await openTensors(golden('A/weights.safetensors'));
    const checkpoint = new Checkpoint(file, 'fake_latent');
    const json = await goldenJson<MarConfigJson>('A/config.json');
    const { encoder_num_heads, decoder_num_heads } = json;
    expect(resolveMarConfig({ encoder_num_heads, decoder_num_heads }, checkpoint)).toEqual(
      resolveMarConfig(json, checkpoint),
    );
    await file.close();
  });

  it.each([
    ['encoder_num_heads', { encoder_num_heads: 5 }],
    ['decoder_num_heads', { decoder_num_heads: 0 }],
    ['encoder_num_heads', { encoder_num_heads: undefined }],
    ['diffloss_w', { diffloss_w: 1.5 }],
    ['buffer_size', { buffer_size: -1 }],
    ['the token grid', { seq_h: 7, seq_w: undefined }],
    ['patch_size', { patch_size: 3, vae_embed_dim: undefined }],
  ])('is refused for its %s', async (option, change) => {
    const file = await openTensors(golden('A/weights.safetensors'));
    const json = { ...(await goldenJson<MarConfigJson>('A/config.json')), ...change } as MarConfigJson;
    expect(() => resolveMarConfig(json, new Checkpoint(file, 'fake_latent'))).toThrow(
      expect.objectContaining({ code: 'invalid-option', option }),
    );
    await file.close();
  });

  it('that a checkpoint contradicts gives one error with all keys, even where sizes had to be guessed', async () => {
    const config = await goldenJson<MarConfigJson>('A/config.json');
    const source = await openTensors(golden('A/weights.safetensors'));
    const keys = new Map(source.names.map((name) => [name, source.shape(name)]));
    await source.close();
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'a.safetensors');
      await writeRandomCheckpoint(path, keys, (tensors: Record<string, TensorToWrite>) => {
        delete tensors['encoder_norm.weight'];
        delete tensors.diffusion_pos_embed_learned;
        tensors['z_proj.extra'] = tensors['z_proj.bias']!;
        tensors['decoder_blocks.1.mlp.fc2.bias'] = { shape: [3], data: new Float32Array(3) };
      });
      const file = await openTensors(path);
      const checkpoint = new Checkpoint(file, 'fake_latent');
      const { encoder_num_heads, decoder_num_heads } = config;
      for (const json of [config, { encoder_num_heads, decoder_num_heads }]) {
        const error = (() => {
          try {
            marGraphs(resolveMarConfig(json, checkpoint), checkpoint);
          } catch (reason) {
            return reason;
          }
        })();
        expect(error).toBeInstanceOf(CheckpointKeysError);
        const { missing, unexpected, misshapen } = error as CheckpointKeysError;
        expect(missing.toSorted()).toEqual(['diffusion_pos_embed_learned', 'encoder_norm.weight']);
        expect(unexpected).toEqual(['z_proj.extra']);
        expect(misshapen.map(({ key }) => key)).toEqual(['decoder_blocks.1.mlp.fc2.bias']);
      }
      await file.close();
    });
  });
});
