import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@tessera/convert';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFeatureNetwork } from './make-feature-network.js';
import { npyOf } from './testing/npy-of.js';
import { randomNetwork } from './testing/reference-network.js';

const SIDE = 16;
const REPORT = { judge: { class: 1, damages: { none: 1, blur: 0.5 }, steps: 7, samples: 336 } };

let work: string;
let out: string;
let fixtures: string;

/** A workplace whose network is too narrow to be one, and a feature network that is there already. */
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'tessera-network-'));
  [out, fixtures] = [join(work, 'out'), join(work, 'fixtures')];
  for (const folder of [out, fixtures, join(work, 'model')]) await mkdir(folder);
  await writeSafetensors(join(work, 'model', 'judge.safetensors'), randomNetwork(1));
  await writeFile(join(work, 'held-out.npy'), npyOf([2, SIDE, SIDE, 3], new Uint8Array(2 * SIDE * SIDE * 3)));
  for (const name of ['feature-network.onnx', 'reference.bin', 'feature-network.json'])
    await writeFile(join(out, name), 'old');
  await writeFile(join(fixtures, 'real.png'), 'old');
});
afterEach(() => rm(work, { recursive: true }));

async function expectOldNetwork(): Promise<void> {
  expect((await readdir(out)).sort()).toEqual([
    'feature-network.json',
    'feature-network.onnx',
    'reference.bin',
  ]);
  for (const name of await readdir(out)) expect(await readFile(join(out, name), 'utf8')).toBe('old');
  expect(await readdir(fixtures)).toEqual(['real.png']);
  expect(await readFile(join(fixtures, 'real.png'), 'utf8')).toBe('old');
}

describe('makeFeatureNetwork', () => {
  it('leaves the feature network as it was where there is no record of the training', async () => {
    await expect(makeFeatureNetwork({ work, out, fixtures })).rejects.toThrow('report.json');
    await expectOldNetwork();
  });

  it('leaves the feature network as it was where the new one is none', async () => {
    await writeFile(join(work, 'report.json'), JSON.stringify(REPORT));
    await expect(makeFeatureNetwork({ work, out, fixtures })).rejects.toMatchObject({
      code: 'feature-network',
    });
    await expectOldNetwork();
  });
});
