import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutputExistsError } from '../errors.js';
import { golden, goldenJson } from '../testing/golden.js';
import { convertAutoencoder } from './convert-autoencoder.js';
import type { VaeConfigJson } from './vae-config.js';

describe('convertAutoencoder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-autoencoder-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const checkpoint = golden('vae/weights.safetensors');
  const config = () => goldenJson<VaeConfigJson>('vae/config.json');

  it('writes both graphs with the inputs and outputs of a model folder, and tells the stride', async () => {
    const converted = await convertAutoencoder({
      checkpoint,
      config: await config(),
      out: join(folder, 'new'),
    });
    expect(converted.config).toMatchObject({ stride: 16, latentChannels: 16, latentScale: 0.2325 });
    const names = async (path: string) => {
      const session = await InferenceSession.create(path);
      const found = [session.inputNames, session.outputNames];
      await session.release();
      return found;
    };
    expect(await names(converted.decoder)).toEqual([['latents'], ['image']]);
    expect(await names(converted.encoder!)).toEqual([['image'], ['moments']]);
    expect((await readdir(join(folder, 'new'))).sort()).toEqual(
      [converted.decoder, converted.encoder!].map((path) => basename(path)),
    );
  });

  it('leaves a folder that is there as it was, unless told to replace it, and then until all is written', async () => {
    const out = join(folder, 'vae');
    await mkdir(out);
    await writeFile(join(out, 'decoder.onnx'), 'old');
    const options = { checkpoint, config: await config(), out };
    await expect(convertAutoencoder(options)).rejects.toBeInstanceOf(OutputExistsError);
    let looks = 0;
    // Aborted in the midst of it.
    const signal = {
      get aborted() {
        return looks++ > 100;
      },
      reason: new Error('enough'),
      addEventListener() {},
      removeEventListener() {},
    };
    await expect(convertAutoencoder({ ...options, overwrite: true, signal })).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual(['vae']);
    expect(await readFile(join(out, 'decoder.onnx'), 'utf8')).toBe('old');
    expect(await readdir(out)).toEqual(['decoder.onnx']);
    await convertAutoencoder({ ...options, overwrite: true });
    expect((await readdir(out)).toSorted()).toEqual(['decoder.onnx', 'encoder.onnx']);
    await copyFile(checkpoint, join(out, 'weights.safetensors'));
    const inside = { ...options, checkpoint: join(out, 'weights.safetensors'), overwrite: true };
    await expect(convertAutoencoder(inside)).rejects.toMatchObject({ code: 'invalid-option', option: 'out' });
    expect(await readdir(out)).toContain('weights.safetensors');
  });

  it('writes nothing where the checkpoint does not fit the configuration, or the type is none', async () => {
    const narrower = { ...(await config()), ch: 64 };
    const out = join(folder, 'none');
    await expect(convertAutoencoder({ checkpoint, config: narrower, out })).rejects.toMatchObject({
      code: 'checkpoint-keys',
    });
    const dtype = 'bf16' as 'fp16';
    await expect(
      convertAutoencoder({ checkpoint, config: await config(), out, dtype }),
    ).rejects.toMatchObject({ code: 'invalid-option', option: 'dtype', value: 'bf16' });
    expect(await readdir(folder)).toEqual([]);
  });
});
