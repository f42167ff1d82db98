import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { describe, expect, it } from 'vitest';
import { Checkpoint } from '../checkpoint/checkpoint.js';
import { openTensors } from '../checkpoint/open-tensors.js';
import { type ConvertOptions, convertModel } from '../convert.js';
import { CheckpointKeysError } from '../errors.js';
import { inTemporaryFolder, openWritten } from '../testing/golden.js';
import { writeRandomCheckpoint } from '../testing/random-weights.js';
import { type NitroConfig, type NitroConfigJson, resolveNitroConfig } from './nitro-config.js';
import { nitroGraphs } from './nitro-graphs.js';
import { nitroKeys } from './nitro-keys.js';

const base: NitroConfig = {
  grid: { height: 8, width: 8, channels: 4 },
  latents: { channels: 4, patchSize: 1, stride: 32 },
  prediction: 'velocity',
  trainSteps: 1000,
  decoder: { width: 32, heads: 4, hidden: 40, norm: 'layer' },
  split: [2, 1, 2],
  text: { length: 5, width: 12 },
  positionExtent: 96,
  head: { width: 16, depth: 2 },
  epsilon: 1e-6,
};

/** The variant that draws all tokens jointly. */
const joint: NitroConfig = {
  ...base,
  decoder: { ...base.decoder, norm: 'rms' },
  head: { width: 128, depth: 2, attention: { heads: 2, hidden: 56 } },
};

/** Only what can't be read off the tensors. */
const json = ({ grid, text }: NitroConfig): NitroConfigJson => ({
  sample_size: grid.width,
  max_length: text.length,
});

async function withNitro<T>(
  config: NitroConfig,
  body: (checkpoint: Checkpoint, path: string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'nitro.safetensors');
    await writeRandomCheckpoint(path, nitroKeys(config));
    const file = await openTensors(path);
    try {
      return await body(new Checkpoint(file, 'mask_token'), path);
    } finally {
      await file.close();
    }
  });
}

const convert = (path: string, config: NitroConfig, options: Pick<ConvertOptions, 'caches'> = {}) =>
  convertModel({
    ...options,
    mar: { checkpoint: path, config: json(config) },
    out: `${path}.out`,
    dtype: 'fp32',
    name: 'nitro',
    licence: 'none',
    source: 'random',
    openGraph: openWritten,
  });

describe('a Nitro-AR checkpoint', () => {
  it.each([
    ['groups of several blocks', base],
    [
      'another grid, and blocks alone in their groups',
      { ...base, grid: { ...base.grid, height: 4, width: 4 }, split: [1, 2, 1] },
    ],
    [
      'one head, and a grid of which the table is half as dense',
      {
        ...base,
        grid: { ...base.grid, height: 12, width: 12 },
        decoder: { width: 16, heads: 1, hidden: 24, norm: 'layer' },
        split: [1, 1, 1],
      },
    ],
    ['joint sampling', joint],
    ['joint sampling on another grid', { ...joint, grid: { ...joint.grid, height: 4, width: 4 } }],
  ] as const)('of %s gives graphs that compute its forward pass', async (_, config) => {
    await withNitro(config, async (checkpoint, path) => {
      expect(resolveNitroConfig(json(config), checkpoint)).toEqual(config);
      const { forward } = await convert(path, config);
      expect(forward.map(({ output }) => output)).toEqual(['z', 'denoised', 'tokens']);
      // A chain of six steps gathers the rounding of each.
      const bound = config.head.attention ? 1e-5 : 2e-6;
      for (const { error } of forward) expect(error).toBeLessThan(bound);
    });
  });

  it('is told by its tensors, and its folder advises the published schedule with Euler’s sampler', async () => {
    await withNitro(base, async (_, path) => {
      const { manifest } = await convert(path, base);
      expect(manifest).toMatchObject({
        family: 'nitro',
        condition: { kind: 'text', length: 5, width: 12 },
        diffusion: { schedule: 'flow', trainSteps: 1000, wholeTimesteps: [2] },
        sampling: { guidance: { schedule: 'constant', scale: 4 }, sampler: 'euler', advice: 'mar:20x3' },
        chainSteps: 3,
      });
      expect(Object.keys(manifest.variants[0]!.components).sort()).toEqual([
        'chain',
        'denoise',
        'embed',
        'modulate',
        'project',
        'text',
        'transformer',
      ]);
    });
  });

  it('of the joint variant is told too: a folder that draws a token of the picture, then all tokens in one step', async () => {
    await withNitro(joint, async (_, path) => {
      const { manifest } = await convert(path, joint);
      expect(manifest).toMatchObject({
        family: 'nitro',
        joint: { globalSteps: 6 },
        diffusion: { wholeTimesteps: 'all' },
        sampling: { advice: 'mar:1x6' },
        chainSteps: 6,
      });
      expect(manifest.variants[0]!.components).toHaveProperty('globalToken');
    });
  });

  it('has no graphs with caches, and asking for them is refused before anything is written', async () => {
    await withNitro(base, async (_, path) => {
      await expect(convert(path, base, { caches: {} })).rejects.toThrow('none for models that take text');
      await expect(access(`${path}.out`)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  it('that lacks a tensor is refused with its name', async () => {
    await withNitro({ ...base, split: [2, 1, 2] }, async (checkpoint) => {
      const sizes = { ...resolveNitroConfig(json(base), checkpoint), split: [2, 2, 2] as const };
      expect(() => nitroGraphs(sizes, checkpoint)).toThrow(CheckpointKeysError);
    });
  });

  it('of sizes that the model can’t have is refused', async () => {
    await withNitro(base, async (checkpoint) => {
      for (const change of [{ sample_size: 6 }, { sample_size: 100 }, { shift: 3 }, { max_length: 0 }]) {
        expect(() => resolveNitroConfig({ ...json(base), ...change }, checkpoint)).toThrow(
          InvalidOptionError,
        );
      }
    });
    const odd = { ...joint, head: { ...joint.head, width: 96 } };
    await expect(
      withNitro(odd, async (checkpoint) => resolveNitroConfig(json(odd), checkpoint)),
    ).rejects.toThrow('divisible by 64');
  });
});
