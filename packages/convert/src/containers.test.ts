import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTensors } from './checkpoint/open-tensors.js';
import type { SafetensorsDtype } from './checkpoint/safetensors-header.js';
import { convertModel } from './convert.js';
import { float32ToFloat16 } from './graph/float16.js';
import type { MarConfigJson } from './mar/mar-config.js';
import { golden, goldenJson, inTemporaryFolder, openWritten } from './testing/golden.js';
import { writeRawSafetensors } from './testing/raw-safetensors.js';
import { TorchTensorToWrite, writeLegacyTorch, writeTorch } from './testing/write-torch.js';

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

async function recordedWeights(): Promise<Weight[]> {
  const file = await openTensors(golden('A/weights.safetensors'));
  const weights = file.names.map(async (name) => ({
    name,
    shape: file.shape(name),
    values: await file.readFloats(name),
  }));
  const all = await Promise.all(weights);
  await file.close();
  return all;
}

const ENCODED = {
  F32: (values: Float32Array) => new Uint8Array(values.buffer),
  F16: (values: Float32Array) => new Uint8Array(float32ToFloat16(values)!.buffer),
  BF16: (values: Float32Array) =>
    new Uint8Array(new Uint16Array([...new Uint32Array(values.buffer)].map((bits) => bits >>> 16)).buffer),
} as const satisfies Partial<Record<SafetensorsDtype, (values: Float32Array) => Uint8Array>>;

async function writeEncoded(
  path: string,
  dtype: keyof typeof ENCODED,
  weights: readonly Weight[],
): Promise<void> {
  const data = weights.map(({ values }) => ENCODED[dtype](values));
  let end = 0;
  const header = weights.map(({ name, shape }, i) => {
    const start = end;
    end += data[i]!.length;
    return [name, { dtype, shape, data_offsets: [start, end] }] as const;
  });
  await writeRawSafetensors(path, Object.fromEntries(header), Buffer.concat(data));
}

async function convert(folder: string, checkpoint: string): Promise<readonly string[]> {
  const config = await goldenJson<MarConfigJson>('A/config.json');
  const { manifest, forward } = await convertModel({
    mar: { checkpoint, config },
    out: join(folder, 'model'),
    overwrite: true,
    dtype: 'fp32',
    name: 'recorded',
    licence: 'MIT',
    source: 'a test',
    openGraph: openWritten,
  });
  expect(forward.length).toBeGreaterThan(0);
  return manifest.files.map(({ path, sha256 }) => `${path} ${sha256}`);
}

it('the same weights give the same files, whatever container they come in', async () => {
  await inTemporaryFolder(async (folder) => {
    const weights = await recordedWeights();
    const state = (factor: number) =>
      Object.fromEntries(
        weights.map(({ name, shape, values }) => [
          `module.${name}`,
          new TorchTensorToWrite('F32', shape, () => ENCODED.F32(values.map((value) => factor * value))),
        ]),
      );
    const training = { model: state(2), model_ema: state(1), epoch: 399 };
    await writeTorch(join(folder, 'last.pth'), training);
    await writeLegacyTorch(join(folder, 'old.ckpt'), training);
    await mkdir(join(folder, 'shards'));
    const parts = ['m-00001-of-00002.safetensors', 'm-00002-of-00002.safetensors'];
    for (const [i, part] of parts.entries()) {
      await writeEncoded(
        join(folder, 'shards', part),
        'F32',
        weights.filter((_, k) => k % 2 === i),
      );
    }
    const map = weights.map(({ name }, k) => [name, parts[k % 2]]);
    const index = { weight_map: Object.fromEntries(map) };
    await writeFile(join(folder, 'shards', 'm.safetensors.index.json'), JSON.stringify(index));

    const expected = await convert(folder, golden('A/weights.safetensors'));
    for (const name of ['last.pth', 'old.ckpt', 'shards']) {
      expect(await convert(folder, join(folder, name)), name).toEqual(expected);
    }
  });
});

it.each(['F16', 'BF16'] as const)(
  'weights in %s are converted to graphs that compute the same',
  async (dtype) => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'half.safetensors');
      await writeEncoded(path, dtype, await recordedWeights());
      await convert(folder, path);
    });
  },
);
