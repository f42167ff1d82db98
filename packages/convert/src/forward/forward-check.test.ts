import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import type { VaeConfigJson } from '../autoencoder/vae-config.js';
import { type ConvertOptions, convertModel } from '../convert.js';
import type { MarConfigJson } from '../mar/mar-config.js';
import { golden, goldenJson, inTemporaryFolder, openWritten } from '../testing/golden.js';

async function options(out: string): Promise<ConvertOptions> {
  return {
    mar: {
      checkpoint: golden('A/weights.safetensors'),
      config: await goldenJson<Required<MarConfigJson>>('A/config.json'),
    },
    vae: {
      checkpoint: golden('vae/weights.safetensors'),
      config: await goldenJson<VaeConfigJson>('vae/config.json'),
    },
    out,
    name: 'recorded',
    licence: 'MIT',
    source: 'a test',
  };
}

it.each([
  ['fp32', 1e-5],
  ['fp16', 1e-2],
  ['int8', 0.1],
] as const)('graphs in %s compute what a float64 pass of the checkpoint does', async (dtype, allowed) => {
  await inTemporaryFolder(async (folder) => {
    const all = { transformer: dtype, head: dtype, autoencoder: dtype };
    const { forward, manifest } = await convertModel({
      ...(await options(join(folder, 'model'))),
      dtype: all,
      openGraph: openWritten,
    });
    expect(manifest.variants[0]).toMatchObject({ dtype });
    expect(forward.map(({ output }) => output)).toEqual(['z', 'denoised', 'image', 'moments']);
    for (const { error } of forward) expect(error).toBeLessThan(allowed);
  });
});

it('graphs with another number of heads are found, and nothing is left of them', async () => {
  await inTemporaryFolder(async (folder) => {
    const [wrong, out] = [join(folder, 'wrong'), join(folder, 'model')];
    // Without an autoencoder, which has no heads and takes most of the time.
    const { vae: _, ...right } = await options(out);
    const config = right.mar.config as MarConfigJson;
    const decoder_num_heads = 2 * config.decoder_num_heads!;
    await convertModel({
      ...right,
      mar: { ...right.mar, config: { ...config, decoder_num_heads } },
      out: wrong,
    });
    const openGraph = (path: string) => openWritten(join(wrong, 'onnx', basename(path)));
    await expect(convertModel({ ...right, openGraph })).rejects.toMatchObject({
      code: 'forward-check',
      checks: [{ output: 'z', allowed: 0.02 }],
      message: expect.stringMatching(/z is off by .* numbers of heads/s),
    });
    expect(await readdir(folder)).toEqual(['wrong']);
  });
});
