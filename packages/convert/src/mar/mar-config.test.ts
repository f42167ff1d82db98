import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import type { TensorToWrite } from '../checkpoint/safetensors-writer.js';
import type { TensorFile } from '../checkpoint/tensor-file.js';
import { CheckpointKeysError } from '../errors.js';
import { openFamily } from '../model-family.js';
import { golden, goldenJson, inTemporaryFolder } from '../testing/golden.js';
import { writeRandomCheckpoint } from '../testing/random-weights.js';
import { IMAGENET_CLASSES } from './imagenet-classes.js';
import { type MarConfigJson, resolveMarConfig } from './mar-config.js';
import { marGraphs } from './mar-graphs.js';
import { marKeys } from './mar-keys.js';
import { MAR_PRESETS, PRESET_GUIDANCE, presetOf } from './mar-presets.js';

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
    const json = await goldenJson<Required<MarConfigJson>>('A/config.json');
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
    const json = {
      ...(await goldenJson<Required<MarConfigJson>>('A/config.json')),
      ...change,
    } as MarConfigJson;
    expect(() => resolveMarConfig(json, new Checkpoint(file, 'fake_latent'))).toThrow(
      expect.objectContaining({ code: 'invalid-option', option }),
    );
    await file.close();
  });

  it('that a checkpoint contradicts gives one error with all keys, even where sizes had to be guessed', async () => {
    const config = await goldenJson<Required<MarConfigJson>>('A/config.json');
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

describe('the released model that a checkpoint is of', () => {
  const tiny = (name: keyof typeof MAR_PRESETS, change: MarConfigJson = {}): TensorFile => {
    const config = resolveMarConfig(
      { ...MAR_PRESETS[name], ...change, class_num: 10 },
      new Checkpoint(EMPTY, 'fake_latent'),
    );
    const keys = marKeys(config);
    return { ...EMPTY, names: [...keys.keys()], has: (key) => keys.has(key), shape: (key) => keys.get(key)! };
  };

  it.each(['mar-base', 'mar-large', 'mar-huge'] as const)('is %s by its tensors alone', (name) => {
    const checkpoint = new Checkpoint(tiny(name), 'fake_latent');
    expect(presetOf(checkpoint)).toBe(name);
    const { sizes, sampling, manifest } = openFamily(undefined, checkpoint);
    expect(sizes.encoder.heads).toBe(MAR_PRESETS[name].encoder_num_heads);
    expect(sizes).toMatchObject({ classes: 10 });
    expect(manifest.condition).toEqual({ kind: 'class', count: 10 });
    expect(sampling.guidance).toEqual({ schedule: 'linear', scale: PRESET_GUIDANCE[name] });
    const other = name === 'mar-base' ? 'mar-huge' : 'mar-base';
    expect(() => openFamily(other, checkpoint)).toThrow(`by its tensors this is ${name}`);
  });

  it('is none where one size differs, and then head counts are asked for', () => {
    const checkpoint = new Checkpoint(tiny('mar-base', { diffloss_d: 3 }), 'fake_latent');
    expect(presetOf(checkpoint)).toBeUndefined();
    expect(() => openFamily(undefined, checkpoint)).toThrow(
      'encoder_num_heads = undefined: must be given (tessera convert --heads): no tensor tells it, and the encoder (12 blocks, 768 wide)',
    );
    const heads = { encoder_num_heads: 8, decoder_num_heads: 16 };
    const { sizes } = openFamily(heads, checkpoint);
    expect([sizes.encoder.heads, sizes.decoder.heads, sizes.head.depth]).toEqual([8, 16, 3]);
  });
});

it('ImageNet has 1,000 classes, each with names and its synset', () => {
  expect(IMAGENET_CLASSES).toHaveLength(1000);
  expect(new Set(IMAGENET_CLASSES.map((name) => name.split(', ').at(-1))).size).toBe(1000);
  expect(IMAGENET_CLASSES.every((name) => /^[^,]+(, [^,]+)*, n\d{8}$/.test(name))).toBe(true);
  expect([IMAGENET_CLASSES[1], IMAGENET_CLASSES[207]]).toEqual([
    'goldfish, Carassius auratus, n01443537',
    'golden retriever, n02099601',
  ]);
});
