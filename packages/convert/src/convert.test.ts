import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseManifest } from '@tessera/format';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { VaeConfigJson } from './autoencoder/vae-config.js';
import { openTensors } from './checkpoint/open-tensors.js';
import { type TensorToWrite, writeSafetensors } from './checkpoint/safetensors-writer.js';
import { type ConvertOptions, type ConvertProgress, convertModel } from './convert.js';
import { CheckpointKeysError } from './errors.js';
import type { MarConfigJson } from './mar/mar-config.js';
import { golden, goldenJson, inTemporaryFolder } from './testing/golden.js';

async function recorded(out: string): Promise<ConvertOptions & Required<Pick<ConvertOptions, 'vae'>>> {
  return {
    mar: {
      checkpoint: golden('A/weights.safetensors'),
      config: await goldenJson<MarConfigJson>('A/config.json'),
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

describe('converting a model', () => {
  it('writes a folder whose manifest is valid and lists every file with its true size and checksum', async () => {
    await inTemporaryFolder(async (folder) => {
      const out = join(folder, 'new', 'model');
      const { manifest, bytes, parameters, keptFloat32 } = await convertModel(await recorded(out));
      expect(parseManifest(await readFile(join(out, 'mar.json'), 'utf8'))).toEqual(manifest);
      expect(manifest).toMatchObject({
        grid: { height: 8, width: 8, channels: 16 },
        condition: { kind: 'class', count: 10 },
        widths: { encoder: 64, decoder: 64, head: 96 },
        headDepth: 2,
        latents: { channels: 16, patchSize: 1, scale: 0.2325, stride: 16 },
        sampling: { guidance: { schedule: 'linear', scale: 3 }, temperature: 1 },
      });
      const names = ['transformer', 'embed', 'project', 'modulate', 'denoise', 'decoder', 'encoder'];
      expect(manifest.files.map(({ path }) => path)).toEqual(names.map((name) => `onnx/${name}.onnx`));
      for (const { path, bytes: size, sha256 } of manifest.files) {
        const content = await readFile(join(out, path));
        expect(content).toHaveLength(size);
        expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
      }
      expect(bytes).toBe(manifest.files.reduce((sum, file) => sum + file.bytes, 0));
      expect(parameters).toEqual({ mar: 376736, vae: 1567027 });
      expect(keptFloat32).toEqual([]);
      expect(await readdir(join(folder, 'new'))).toEqual(['model']);
      expect(await readFile(join(out, 'README.md'), 'utf8')).toContain('0.38 M + 1.57 M (autoencoder)');
    });
  });

  it('stores weights once that graphs with caches and those without have', async () => {
    await inTemporaryFolder(async (folder) => {
      const { vae: _, ...options } = await recorded(join(folder, 'model'));
      const { manifest } = await convertModel({ ...options, caches: {} });
      const [plain, cached] = (['transformer', 'transformer-cached'] as const).map(
        (name) => manifest.variants[0]!.components[name]!.data!,
      ) as [string[], string[]];
      expect(cached).toEqual(['onnx/transformer-cached.onnx_data', ...plain]);
      const paths = manifest.files.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
      const bytesOf = (path: string) => manifest.files.find((file) => file.path === path)!.bytes;
      expect(bytesOf(cached[0]!)).toBeLessThan(bytesOf(plain[0]!) / 2);
    });
  });

  it('does without an autoencoder, and keeps large weights in files that the manifest lists', async () => {
    await inTemporaryFolder(async (folder) => {
      const { vae: _, ...options } = await recorded(join(folder, 'model'));
      const { manifest } = await convertModel({ ...options, inlineLimit: 200_000 });
      const { components } = manifest.variants[0]!;
      expect(components.decoder).toBeUndefined();
      expect(components.transformer).toEqual({
        path: 'onnx/transformer.onnx',
        data: ['onnx/transformer.onnx_data'],
      });
      expect(components.embed.data).toBeUndefined();
      const session = await InferenceSession.create(join(folder, 'model', components.transformer!.path));
      expect(session.outputNames.toSorted()).toEqual(['encoded', 'z']);
      await session.release();
    });
  });

  it('says in its report and on the card which of two copies of the weights it took', async () => {
    await inTemporaryFolder(async (folder) => {
      const { vae: _, ...options } = await recorded(join(folder, 'model'));
      const weights = await openTensors(options.mar.checkpoint);
      const copies: Record<string, TensorToWrite> = {};
      for (const prefix of ['', 'model_ema.']) {
        for (const name of weights.names) {
          copies[prefix + name] = { shape: weights.shape(name), data: await weights.read(name) };
        }
      }
      await weights.close();
      const checkpoint = join(folder, 'both.safetensors');
      await writeSafetensors(checkpoint, copies);
      const { taken, parameters } = await convertModel({ ...options, mar: { ...options.mar, checkpoint } });
      expect([taken.kind, taken.prefix, parameters.mar]).toEqual(['averaged', 'model_ema.', 376736]);
      expect(await readFile(join(folder, 'model', 'README.md'), 'utf8')).toContain(
        '| Source | a test, keys `model_ema.…`, averaged weights |',
      );
    });
  });

  it('names a tensor that no model can use before it writes anything, and takes sound raw weights instead', async () => {
    await inTemporaryFolder(async (folder) => {
      const { vae: _, ...options } = await recorded(join(folder, 'model'));
      const weights = await openTensors(options.mar.checkpoint);
      const read = async (prefix: string): Promise<[string, TensorToWrite][]> =>
        Promise.all(
          weights.names.map(async (name) => [
            prefix + name,
            { shape: weights.shape(name), data: await weights.readFloats(name) },
          ]),
        );
      const [raw, averaged] = [await read('model.'), await read('model_ema.')];
      await weights.close();
      const checkpoint = join(folder, 'a.safetensors');
      const spoil = (tensors: readonly [string, TensorToWrite][], key: string, value: number) =>
        tensors.find(([name]) => name.endsWith(key))![1].data.fill(value as never);
      const convert = (mar: Partial<ConvertOptions['mar']> = {}) =>
        convertModel({ ...options, mar: { ...options.mar, ...mar, checkpoint }, overwrite: true });

      const spoilt = 'model_ema.encoder_blocks.1.attn.qkv.weight';
      spoil(averaged, spoilt, Number.NaN);
      await writeSafetensors(checkpoint, Object.fromEntries(averaged));
      const refused = {
        code: 'checkpoint-values',
        tensors: [{ tensor: spoilt, problem: 'nan', at: [0, 0] }],
      };
      await expect(convert()).rejects.toMatchObject(refused);
      expect(await readdir(folder)).toEqual(['a.safetensors']);

      await writeSafetensors(checkpoint, Object.fromEntries([...averaged, ...raw]));
      const { taken, avoided } = await convert();
      expect(taken).toMatchObject({ kind: 'raw', prefix: 'model.' });
      expect(avoided).toEqual(refused.tensors);
      await expect(convert({ weights: 'averaged' })).rejects.toMatchObject(refused);

      spoil(averaged, spoilt, 0);
      spoil(raw, 'class_emb.weight', Number.POSITIVE_INFINITY);
      await writeSafetensors(checkpoint, Object.fromEntries([...averaged, ...raw]));
      await expect(convert()).rejects.toMatchObject({ tensors: [{ tensor: spoilt, problem: 'zero' }] });
      await expect(convert({ weights: 'raw' })).rejects.toMatchObject({
        tensors: [{ tensor: 'model.class_emb.weight', problem: 'infinity' }],
      });
      expect(await convert({ weights: 'averaged' })).toMatchObject({ zeros: [spoilt], avoided: [] });
    });
  });

  it('reports the check, the weights and the checksums, each up to its end', async () => {
    await inTemporaryFolder(async (folder) => {
      const seen: ConvertProgress[] = [];
      const options = await recorded(join(folder, 'model'));
      await convertModel({ ...options, onProgress: (progress) => seen.push(progress) });
      for (const phase of ['check', 'weights', 'checksums'] as const) {
        const done = seen.filter((progress) => progress.phase === phase);
        expect(done.map((progress) => progress.done)).toEqual(
          done.map((progress) => progress.done).toSorted((a, b) => a - b),
        );
        expect(done.at(-1)!.done).toBe(done.at(-1)!.total);
      }
    });
  });

  it('never touches a folder that is there, unless told to replace it', async () => {
    await inTemporaryFolder(async (folder) => {
      const out = join(folder, 'model');
      await mkdir(out);
      await writeFile(join(out, 'mar.json'), 'keep');
      const options = await recorded(out);
      await expect(convertModel(options)).rejects.toMatchObject({ code: 'output-exists', path: out });
      expect(await readdir(out)).toEqual(['mar.json']);
      await convertModel({ ...options, overwrite: true });
      expect((await readdir(out)).toSorted()).toEqual(['README.md', 'mar.json', 'onnx']);
      expect(await readdir(folder)).toEqual(['model']);
    });
  });

  it('never replaces the folder that a checkpoint lies in', async () => {
    await inTemporaryFolder(async (folder) => {
      const out = join(folder, 'mar-base');
      const options = { ...(await recorded(out)), overwrite: true };
      for (const part of ['mar', 'vae'] as const) {
        const checkpoint = join(out, `${part}.safetensors`);
        await mkdir(out);
        await copyFile(options[part].checkpoint, checkpoint);
        const inside = { ...options, [part]: { ...options[part], checkpoint } };
        await expect(convertModel(inside)).rejects.toMatchObject({ code: 'invalid-option', option: 'out' });
        expect(await readdir(out)).toEqual([`${part}.safetensors`]);
        await rm(out, { recursive: true });
      }
    });
  });

  it('leaves nothing behind when it is aborted or fails, and an old folder as it was', async () => {
    await inTemporaryFolder(async (folder) => {
      const out = join(folder, 'model');
      await mkdir(out);
      const options = { ...(await recorded(out)), overwrite: true };
      for (const phase of ['check', 'weights', 'checksums'] as const) {
        const controller = new AbortController();
        const converting = convertModel({
          ...options,
          signal: controller.signal,
          onProgress: (progress) => {
            if (progress.phase === phase) controller.abort(new Error('enough'));
          },
        });
        await expect(converting).rejects.toThrow('enough');
      }
      let weights = 0;
      const constant = { schedule: 'constant', scale: -1 } as const;
      for (const wrong of [
        { classNames: ['only one'] },
        { sampling: { guidance: constant, temperature: 1 } },
      ]) {
        const converting = convertModel({ ...options, ...wrong, onProgress: () => weights++ });
        await expect(converting).rejects.toMatchObject({ code: 'manifest' });
      }
      expect(weights).toBe(0);
      expect(await readdir(folder)).toEqual(['model']);
      expect(await readdir(out)).toEqual([]);
    });
  });

  it('refuses checkpoints that don’t fit their configuration or each other', async () => {
    await inTemporaryFolder(async (folder) => {
      const options = await recorded(join(folder, 'model'));
      const { mar, vae } = options;
      await expect(convertModel({ ...options, mar: { ...mar, config: 'mar-base' } })).rejects.toThrow(
        CheckpointKeysError,
      );
      await expect(
        convertModel({ ...options, vae: { ...vae, checkpoint: mar.checkpoint } }),
      ).rejects.toMatchObject({ problem: 'other-model' });
      for (const value of ['mar-bse', 3]) {
        const config = value as 'mar-base';
        await expect(convertModel({ ...options, mar: { ...mar, config } })).rejects.toMatchObject({
          code: 'invalid-option',
          option: 'mar.config',
          value,
        });
      }
      const stride = { ...(mar.config as MarConfigJson), vae_stride: 8 };
      await expect(convertModel({ ...options, mar: { ...mar, config: stride } })).rejects.toMatchObject({
        option: 'vae_stride',
      });
      const patch = { ...(mar.config as MarConfigJson), patch_size: 2, vae_embed_dim: 4 };
      await expect(convertModel({ ...options, mar: { ...mar, config: patch } })).rejects.toMatchObject({
        option: 'embed_dim',
      });
      expect(await readdir(folder)).toEqual([]);
    });
  });
});
