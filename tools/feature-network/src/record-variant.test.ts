import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFeatureNetwork, recordedPictures } from '@tessera/evaluate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordVariant } from './record-variant.js';

const MACHINE = { processor: 'Some Processor', cores: 2 };
const WAY = {
  threads: 2,
  versions: { tessera: '0.1.0' },
  machine: MACHINE,
  passes: 64,
  headEvaluations: 300,
};
const DESCRIPTION = {
  format: 'tessera-feature-network',
  version: 1,
  network: {
    name: 'small',
    input: { name: 'x', width: 1, height: 1, layout: 'nchw', mean: [0, 0, 0], std: [1, 1, 1] },
    features: { output: 'f', width: 2 },
    classes: { output: 'c', names: ['a', 'b'] },
    damages: { output: 'd', names: ['none', 'blur'] },
  },
  graph: { path: 'feature-network.onnx', bytes: 1, sha256: 'ab'.repeat(32) },
  reference: {
    ...{ path: 'reference.bin', bytes: 1, sha256: 'ab'.repeat(32), name: 'real', count: 2 },
    ...{ classAccuracy: 1, damages: { none: 1 } },
  },
  training: { text: 'none', steps: 0, pictures: 0, recognised: {} },
};

let folder: string;
let evaluation: string;
let network: string;
const jsonLines = (values: readonly object[]): string =>
  values.map((each) => `${JSON.stringify(each)}\n`).join('');
const features = (index: number): string =>
  Buffer.from(new Uint8Array(Float32Array.of(index, 0.1).buffer)).toString('base64');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-record-'));
  [evaluation, network] = [join(folder, 'evaluation'), join(folder, 'network')];
  const arm = join(evaluation, 'arms', '0123');
  for (const each of [arm, network]) await mkdir(each, { recursive: true });
  await writeFile(join(network, 'feature-network.json'), JSON.stringify(DESCRIPTION));
  const identity = {
    model: 'tiny',
    sha256: 'cd'.repeat(32),
    seed: 7,
    device: 'cpu',
    dtype: 'fp16',
    batch: 4,
  };
  await writeFile(join(evaluation, 'evaluation.json'), JSON.stringify(identity));
  await writeFile(join(arm, 'arm.json'), JSON.stringify({ name: 'mar', description: { steps: 64 } }));
  const drawn = [0, 1, 2].map((index) => ({ index, sitting: 's', seconds: 2, ...WAY }));
  await writeFile(join(arm, 'drawn.jsonl'), jsonLines(drawn));
  const seen = [0, 1, 2].map((index) => ({
    ...{ index, sitting: 's', seenClass: index % 2, seenDamage: null },
    features: features(index),
  }));
  // What an earlier drawing showed is passed over.
  const earlier = { ...seen[1]!, sitting: 'before', features: features(9) };
  await writeFile(join(arm, 'seen-abc.jsonl'), jsonLines([earlier, ...seen]));
});
afterEach(() => rm(folder, { recursive: true }));

const record = (arm = 'mar') => recordVariant({ evaluation, arm, network, name: 'mar-64x100' });

describe('recordVariant', () => {
  it('adds the pictures and what they were drawn with to the network', async () => {
    const { sha256: _, ...recorded } = await record();
    expect(recorded).toEqual({
      ...{ path: 'mar-64x100.bin', bytes: 3 * 5 * 4, model: 'cd'.repeat(32), dtype: 'fp16', seed: 7 },
      ...{ description: { steps: 64 }, count: 3, ...WAY },
    });
    const bytes = await readFile(join(network, 'mar-64x100.bin'));
    expect(recordedPictures(recorded, bytes, 2).map((each) => [...each.features])).toEqual(
      [0, 1, 2].map((index) => [index, Math.fround(0.1)]),
    );
    await record();
    const described = parseFeatureNetwork(await readFile(join(network, 'feature-network.json'), 'utf8'));
    expect(described.recorded).toHaveLength(1);
  });

  it('refuses a variant that is not there, and pictures that were drawn in several ways', async () => {
    await expect(record('gtr')).rejects.toThrow('There is no variant "gtr"');
    const path = join(evaluation, 'arms', '0123', 'drawn.jsonl');
    const other = { index: 3, sitting: 's', seconds: 2, ...WAY, threads: 1 };
    await writeFile(path, `${await readFile(path, 'utf8')}${JSON.stringify(other)}\n`);
    await expect(record()).rejects.toThrow('drawn in 2 ways');
  });
});
