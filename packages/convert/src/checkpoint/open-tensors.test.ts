import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inTemporaryFolder } from '../testing/golden.js';
import { Checkpoint } from './checkpoint.js';
import { openTensors } from './open-tensors.js';
import { writeSafetensors } from './safetensors-writer.js';

const PARTS = ['m-00001-of-00002.safetensors', 'm-00002-of-00002.safetensors'] as const;
const INDEX = 'm.safetensors.index.json';

const write = (path: string, ...names: readonly string[]) =>
  writeSafetensors(
    path,
    Object.fromEntries(names.map((name, i) => [name, { shape: [1], data: Float32Array.of(i) }])),
  );

async function writeShards(folder: string, map: Record<string, unknown> = { a: PARTS[0], b: PARTS[1] }) {
  await write(join(folder, PARTS[0]), 'a');
  await write(join(folder, PARTS[1]), 'b');
  await writeFile(join(folder, INDEX), JSON.stringify({ metadata: { total_size: 8 }, weight_map: map }));
}

async function namesOf(path: string): Promise<readonly string[]> {
  const file = await openTensors(path);
  await file.close();
  return file.names;
}

it('a checkpoint in several files is opened by its index, its folder or any part, with an index or without', async () => {
  await inTemporaryFolder(async (folder) => {
    await writeShards(folder);
    for (const name of [INDEX, '', ...PARTS]) expect(await namesOf(join(folder, name))).toEqual(['a', 'b']);
    await rm(join(folder, INDEX));
    for (const name of ['', ...PARTS]) expect(await namesOf(join(folder, name))).toEqual(['a', 'b']);
  });
});

it('a part that is missing is named, whichever way the checkpoint is opened', async () => {
  await inTemporaryFolder(async (folder) => {
    await writeShards(folder);
    await rm(join(folder, PARTS[1]));
    for (const name of [INDEX, '', PARTS[0], PARTS[1]]) {
      await expect(openTensors(join(folder, name))).rejects.toMatchObject({
        problem: 'shards',
        message: expect.stringContaining(`1 of 2 files are there; missing: ${PARTS[1]}`),
      });
    }
  });
});

it.each([
  ['a tensor that its file lacks', { a: PARTS[0], c: PARTS[1] }, `"c" is not in ${PARTS[1]}`],
  ['a file elsewhere', { a: '../a.safetensors' }, 'it is no index'],
  ['nothing', {}, 'it is no index'],
  ['no names of files', { a: 3 }, 'it is no index'],
])('an index that names %s is refused', async (_, map, words) => {
  await inTemporaryFolder(async (folder) => {
    await writeShards(folder, map);
    await expect(openTensors(join(folder, INDEX))).rejects.toMatchObject({
      code: 'checkpoint-format',
      message: expect.stringContaining(words),
    });
  });
});

it('two parts that share a tensor are refused', async () => {
  await inTemporaryFolder(async (folder) => {
    for (const part of PARTS) await write(join(folder, part), 'a');
    await expect(openTensors(folder)).rejects.toMatchObject({ problem: 'duplicate' });
  });
});

it('a folder with raw and averaged weights in two files, and an autoencoder, gives either copy', async () => {
  await inTemporaryFolder(async (folder) => {
    await write(join(folder, 'mar.safetensors'), 'fake_latent');
    await write(join(folder, 'mar-ema.safetensors'), 'b', 'fake_latent');
    await write(join(folder, 'kl16.safetensors'), 'post_quant_conv.weight');
    const file = await openTensors(folder);
    expect(new Checkpoint(file, 'fake_latent').taken).toMatchObject({ kind: 'averaged', prefix: 'mar-ema.' });
    const raw = new Checkpoint(file, 'fake_latent', { weights: 'raw' });
    expect(raw.taken).toMatchObject({ kind: 'raw', prefix: 'mar.' });
    expect(await raw.read('fake_latent')).toEqual(Float32Array.of(0));
    await file.close();
    const averaged = await openTensors(join(folder, 'mar-ema.safetensors'));
    expect(new Checkpoint(averaged, 'fake_latent').taken).toMatchObject({ kind: 'averaged', prefix: '' });
    await averaged.close();
    await write(join(folder, 'other.safetensors'), 'fake_latent');
    await expect(openTensors(folder)).rejects.toMatchObject({
      code: 'checkpoint-file',
      message: expect.stringContaining('mar-ema.safetensors, mar.safetensors, other.safetensors'),
    });
  });
});
