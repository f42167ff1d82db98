import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@tessera/convert';
import { keyedNoise } from '@tessera/core';
import { featureNetworkReference, parseFeatureNetwork, parsePromptSet } from '@tessera/evaluate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSceneNetwork } from './make-scene-network.js';
import { npyOf } from './testing/npy-of.js';
import { randomSceneNetwork } from './testing/reference-network.js';

const SIDE = 64;
/** As many channels of a cell as the narrow network has: 1 + 3 + 1 + 4 + 2. */
const THINGS = ['fox', 'apple', 'cup'].map((name) => ({ name, colour: null }));
const PROMPTS = {
  things: THINGS,
  colours: ['red', 'green', 'blue', 'pink'],
  sizes: ['small', 'big'],
  backgrounds: ['sky'],
  skills: ['single object', 'counting'],
  prompts: [
    { text: 'a fox', wanted: [{ thing: 0 }], heldOut: false },
    { text: 'two cups', wanted: [{ thing: 2 }], count: 2, heldOut: true },
    { text: 'an apple', wanted: [{ thing: 1 }], heldOut: false },
    { text: 'three foxes', wanted: [{ thing: 0 }], count: 3, heldOut: false },
  ],
};
const SCENES = 3 * PROMPTS.prompts.length;

let work: string;
let out: string;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'tessera-scenes-'));
  out = join(work, 'out');
  await mkdir(join(work, 'model'));
  const weights = randomSceneNetwork(1);
  // Six kinds of damage, as there are.
  const { shape, data } = weights['damages.weight']!;
  weights['damages.weight'] = {
    shape: [6, shape[1]!],
    data: Float32Array.from({ length: 6 * shape[1]! }, (_, i) => data[i % data.length]!),
  };
  weights['damages.bias'] = { shape: [6], data: new Float32Array(6) };
  await writeSafetensors(join(work, 'model', 'judge.safetensors'), weights);
  await writeFile(join(work, 'prompts.json'), JSON.stringify(PROMPTS));
  const pixels = keyedNoise({ seed: 1 })
    .normal(new Float32Array(SCENES * SIDE * SIDE * 3))
    .map((value) => Math.min(255, Math.max(0, 128 + 60 * value)));
  await writeFile(join(work, 'prompt-scenes.npy'), npyOf([SCENES, SIDE, SIDE, 3], Uint8Array.from(pixels)));
  const judge = { object: 0.99, colour: 0.98, all: 0.97, parameters: 9, steps: 7, samples: 224 };
  await writeFile(join(work, 'report.json'), JSON.stringify({ judge }));
});
afterEach(() => rm(work, { recursive: true }));

describe('makeSceneNetwork', () => {
  it('writes the graph, what it sees in real scenes, the prompts and their description', async () => {
    const coded: number[] = [];
    const description = await makeSceneNetwork({
      work,
      out,
      code: async (pictures) => {
        coded.push(pictures.length);
        return pictures.map((picture) => ({ ...picture, data: picture.data.map(() => 0) }));
      },
    });
    expect(coded).toEqual([PROMPTS.prompts.length]);
    expect(await readdir(out)).toEqual(
      ['feature-network.json', 'feature-network.onnx', 'prompts.json', 'reference.bin'].sort(),
    );
    const written = parseFeatureNetwork(await readFile(join(out, 'feature-network.json'), 'utf8'));
    expect(written).toEqual(description);
    expect(written).toMatchObject({
      network: { cells: { things: THINGS, colours: PROMPTS.colours }, features: { width: 9 } },
      reference: { count: SCENES, groups: 2, name: `${SCENES} scenes of the prompts` },
      training: { steps: 7, pictures: 224, recognised: { object: 0.99, colour: 0.98, all: 0.97 } },
    });
    // Black pictures are farther from the real ones than real ones are.
    expect(written.margins!.frechet).toBeGreaterThan(0);
    const prompts = parsePromptSet(await readFile(join(out, 'prompts.json'), 'utf8'), THINGS.length);
    expect(prompts).toEqual({ skills: PROMPTS.skills, prompts: PROMPTS.prompts });
    const bits = new Uint16Array(Uint8Array.from(await readFile(join(out, 'reference.bin'))).buffer);
    const { labels, features } = featureNetworkReference(written, bits);
    expect([...labels!]).toEqual(Array.from({ length: SCENES }, (_, k) => k % 2));
    expect(features).toHaveLength(SCENES * 9);
  });

  it('leaves the network as it was where the new one fails', async () => {
    await mkdir(out);
    await writeFile(join(out, 'prompts.json'), 'old');
    const failing = makeSceneNetwork({ work, out, code: () => Promise.reject(new Error('no decoder')) });
    await expect(failing).rejects.toThrow('no decoder');
    expect(await readdir(out)).toEqual(['prompts.json']);
    expect(await readFile(join(out, 'prompts.json'), 'utf8')).toBe('old');
  });
});
