import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DrawnPicture } from '@tessera/evaluate';
import { classesOf, parseRecipe, parseSpec, pictureAt, recipeOf, resolveSampling } from '@tessera/format';
import { describe, expect, test } from 'vitest';
import { readPng } from '../files/png-file.js';
import { FAKE_MANIFEST } from '../testing/fake-loaded-model.js';
import { fakeNetwork } from '../testing/fake-network.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { Variant } from '../variant.js';
import { EvaluationFolderError } from './folder-file.js';
import { type FolderStoreOptions, openFolderStore } from './folder-store.js';

const IDENTITY = { model: 'fake', sha256: 'ab'.repeat(32), seed: 1, device: 'cpu', dtype: 'fp32', batch: 4 };
const MODEL = { name: 'fake', location: 'embedded', sha256: IDENTITY.sha256 };
const HERE = { processor: 'Some Processor', cores: 2 };
const MADE = { device: 'cpu', dtype: 'fp32', versions: {} };

const arm = (text: string, name = text): Variant => ({
  name,
  sampling: resolveSampling(parseSpec(text), FAKE_MANIFEST.sampling),
});
const MAR = arm('mar');
const RASTER = arm('raster');
const identityOf = ({ name, sampling }: Variant) => ({ name, description: sampling });

const open = (folder: string, changes: Partial<FolderStoreOptions> = {}) =>
  openFolderStore({
    folder,
    identity: IDENTITY,
    arms: [MAR, RASTER],
    pictureOf: (index) => pictureAt(classesOf(FAKE_MANIFEST), index),
    network: fakeNetwork(),
    networkKey: 'one',
    environment: { threads: 2, versions: { tessera: '0.1.0' }, machine: HERE },
    keep: 2,
    signal: new AbortController().signal,
    recipeOf: ({ sampling }, picture) =>
      recipeOf({ model: MODEL, seed: 1, sampling, made: MADE, pictures: [picture] }),
    ...changes,
  });

/** As the network sees it. */
const drawn = (index: number): DrawnPicture => ({
  index,
  features: Float32Array.of(index, 1, 2),
  seenClass: null,
  seenDamage: index % 2,
  seconds: 0.5 + index,
  headEvaluations: 640,
  passes: 8,
  image: { width: 1, height: 1, data: Uint8Array.of(index, 1, 2) },
});
const measured = (index: number) => {
  const { image: _, ...rest } = drawn(index);
  return rest;
};

describe('a folder', () => {
  test('gives back what was saved, after it was closed too', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder);
    expect(await first.load(identityOf(MAR))).toEqual([]);
    await first.save(identityOf(MAR), [drawn(0), drawn(1)]);
    await first.save(identityOf(MAR), [drawn(2)]);
    await first.close();
    const second = await open(folder);
    expect(await second.load(identityOf(MAR))).toEqual([0, 1, 2].map(measured));
    expect(await second.load(identityOf(RASTER))).toEqual([]);
    expect([second.count('mar', 3), second.count('mar', 2), second.count('raster', 3)]).toEqual([3, 2, 0]);
    await second.close();
  });

  test('of the first version is read as it was written', async () => {
    const folder = await temporaryFolder();
    const variant = join(folder, 'arms', '3e17981aa6b29f23');
    await mkdir(variant, { recursive: true });
    await writeFile(
      join(folder, 'evaluation.json'),
      JSON.stringify({ format: 'tessera-evaluation-folder', version: 1, ...IDENTITY }),
    );
    await writeFile(
      join(variant, 'drawn.jsonl'),
      '{"index":0,"seconds":0.5,"headEvaluations":640,"passes":8,"sitting":"2026-11-23 7","threads":2,' +
        '"versions":{"tessera":"0.1.0"},"machine":{"processor":"Some Processor","cores":2}}\n',
    );
    await writeFile(
      join(variant, 'seen-one.jsonl'),
      '{"index":0,"sitting":"2026-11-23 7","seenClass":null,"seenDamage":0,"features":"AAAAAAAAgD8AAABA"}\n',
    );
    const store = await open(folder);
    expect(await store.load(identityOf(MAR))).toEqual([measured(0)]);
    await store.close();
  });

  test('knows a variant by how it samples, not by its name', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder);
    await first.save(identityOf(MAR), [drawn(0)]);
    await first.close();
    const renamed = arm('mar:64x100', 'the reference');
    const second = await open(folder, { arms: [renamed, arm('mar:32')] });
    expect(await second.load(identityOf(renamed))).toEqual([measured(0)]);
    expect(second.count('mar:32', 9)).toBe(0);
    await second.close();
  });

  test('refuses two names of one variant', async () => {
    await expect(open(await temporaryFolder(), { arms: [MAR, arm('random')] })).rejects.toThrow(
      'mar and random are the same way to sample',
    );
  });

  test('of another evaluation is refused with what differs, and left alone', async () => {
    const folder = await temporaryFolder();
    const store = await open(folder);
    await store.save(identityOf(MAR), [drawn(0)]);
    await store.close();
    const before = await readFile(join(folder, 'evaluation.json'), 'utf8');
    const refusal = open(folder, { identity: { ...IDENTITY, seed: 2, batch: 8 } });
    await expect(refusal).rejects.toBeInstanceOf(EvaluationFolderError);
    await expect(refusal).rejects.toMatchObject({
      code: 'evaluation-folder',
      differences: ['seed: 1 → 2', 'batch: 4 → 8'],
    });
    expect(await readFile(join(folder, 'evaluation.json'), 'utf8')).toBe(before);
  });

  test('that something else has written is refused', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'evaluation.json'), '{"format":"other"}');
    await expect(open(folder)).rejects.toThrow("can't be read as an evaluation");
  });

  test('loses no more to a stop in the middle of a line than that picture', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder);
    await first.save(identityOf(MAR), [drawn(0), drawn(1)]);
    await first.close();
    for (const arm of await readdir(join(folder, 'arms'))) {
      await appendFile(join(folder, 'arms', arm, 'drawn.jsonl'), '{"index":2,"sec');
    }
    const second = await open(folder);
    expect(await second.load(identityOf(MAR))).toEqual([measured(0), measured(1)]);
    await second.save(identityOf(MAR), [drawn(2)]);
    await second.close();
    const third = await open(folder);
    expect(await third.load(identityOf(MAR))).toEqual([0, 1, 2].map(measured));
    await third.close();
  });

  test('keeps the first pictures with their recipes, for people to look at', async () => {
    const folder = await temporaryFolder();
    const store = await open(folder);
    await store.save(identityOf(MAR), [drawn(0), drawn(1), drawn(2)]);
    expect(await store.firstPictures('mar', 9)).toEqual([drawn(0).image, drawn(1).image]);
    expect(await store.firstPictures('raster', 9)).toEqual([]);
    await store.close();
    const [key] = await readdir(join(folder, 'arms'));
    const other = (await readdir(join(folder, 'arms', key!))).includes('pictures') ? 0 : 1;
    const pictures = join(folder, 'arms', (await readdir(join(folder, 'arms')))[other]!, 'pictures');
    expect(await readdir(pictures)).toEqual(['00000-cat.png', '00001-red-fox.png']);
    const { recipe } = await readPng(join(pictures, '00001-red-fox.png'));
    expect(parseRecipe(recipe!, 'it')).toMatchObject({
      sampling: MAR.sampling,
      images: [{ index: 1, classLabel: 1 }],
    });
  });

  test('shows kept pictures to another network instead of having them drawn again', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder);
    await first.save(identityOf(MAR), [drawn(0), drawn(1), drawn(2)]);
    await first.close();
    const network = fakeNetwork(10);
    const seen: unknown[] = [];
    const onSeen = (...told: unknown[]): unknown => seen.push(told);
    const second = await open(folder, { network, networkKey: 'other', onSeen });
    expect(seen).toEqual([['mar', 2, 2]]);
    const [zero, one, ...more] = await second.load(identityOf(MAR));
    expect([zero!.features, one!.features]).toEqual([
      Float32Array.of(0, 10, 20),
      Float32Array.of(10, 10, 20),
    ]);
    expect([zero!.seconds, zero!.seenDamage]).toEqual([0.5, null]);
    // Picture 2 was not kept.
    expect([more, network.seen]).toEqual([[], 2]);
    await second.close();
    const third = await open(folder, { network, networkKey: 'other' });
    expect([third.count('mar', 9), network.seen]).toEqual([2, 2]);
    await third.close();
  });

  test('stops showing kept pictures when it is asked to, and has those that were seen', async () => {
    const folder = await temporaryFolder();
    const pictures = Array.from({ length: 100 }, (_, index) => drawn(index));
    const first = await open(folder, { keep: 100, arms: [MAR] });
    await first.save(identityOf(MAR), pictures);
    await first.close();
    const controller = new AbortController();
    const network = fakeNetwork(10);
    const other = { network, networkKey: 'other', arms: [MAR] };
    const { signal } = controller;
    const onSeen = (): void => controller.abort(new Error('enough'));
    await expect(open(folder, { ...other, signal, onSeen })).rejects.toThrow('enough');
    expect(network.seen).toBe(48);
    await (await open(folder, other)).close();
    expect(network.seen).toBe(100);
  });

  test('says whether the variants were drawn in the same sessions', async () => {
    const folder = await temporaryFolder();
    const pictures = Array.from({ length: 10 }, (_, index) => drawn(index));
    const first = await open(folder);
    await first.save(identityOf(MAR), pictures);
    await first.save(identityOf(RASTER), pictures.slice(0, 9));
    expect(first.together(9)).toBe(true);
    await first.close();
    const second = await open(folder);
    await second.save(identityOf(RASTER), pictures.slice(9));
    // One picture in ten may be of another session, which a stop between two variants makes it.
    expect(second.together(10)).toBe(true);
    await second.save(identityOf(RASTER), pictures.slice(8, 9));
    expect(second.together(10)).toBe(false);
    await second.close();
  });

  test('says what its pictures were drawn with, in whichever session', async () => {
    const folder = await temporaryFolder();
    const before = { threads: 1, versions: { tessera: '0.1.0' }, machine: HERE };
    const first = await open(folder, { environment: before });
    await first.save(identityOf(MAR), [drawn(0), drawn(1)]);
    await first.close();
    const there = { processor: 'Another', cores: 8 };
    const now = { threads: 2, versions: { tessera: '0.2.0' }, machine: there };
    const second = await open(folder, { environment: now });
    expect(second.environments(2)).toEqual({
      threads: [1],
      versions: { tessera: ['0.1.0'] },
      machines: [HERE],
    });
    await second.save(identityOf(RASTER), [drawn(0)]);
    await second.save(identityOf(MAR), [drawn(2)]);
    const mixed = {
      threads: [1, 2],
      versions: { tessera: ['0.1.0', '0.2.0'] },
      machines: [there, HERE],
    };
    expect([second.environments(2), second.environments(3)]).toEqual([mixed, mixed]);
    await second.close();
  });

  test('keeps what a network saw with the drawing that it saw, though the picture was drawn again', async () => {
    const folder = await temporaryFolder();
    const drawAt = async (tessera: string, networkKey: string, pictures: readonly DrawnPicture[]) => {
      const store = await open(folder, {
        ...{ networkKey, keep: 0, arms: [MAR] },
        environment: { threads: 2, versions: { tessera }, machine: HERE },
      });
      await store.save(identityOf(MAR), pictures);
      return store;
    };
    await (await drawAt('0.1.0', 'one', [drawn(0)])).close();
    await (await drawAt('0.2.0', 'other', [{ ...drawn(0), seconds: 9 }])).close();
    for (const [network, version, seconds] of [
      ['one', '0.1.0', 0.5],
      ['other', '0.2.0', 9],
    ] as const) {
      const store = await drawAt('0.3.0', network, []);
      expect(store.environments(1).versions).toEqual({ tessera: [version] });
      expect(await store.load(identityOf(MAR))).toMatchObject([{ index: 0, seconds }]);
      await store.close();
    }
  });

  test('shows kept pictures again where it is not told what drawing a network saw', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder, { arms: [MAR] });
    await first.save(identityOf(MAR), [drawn(0), drawn(1)]);
    await first.close();
    const [arm] = await readdir(join(folder, 'arms'));
    const path = join(folder, 'arms', arm!, 'seen-one.jsonl');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"sitting"', '"other"'));
    const network = fakeNetwork();
    const second = await open(folder, { arms: [MAR], network });
    expect([second.count('mar', 9), network.seen]).toEqual([2, 2]);
    await second.close();
    await (await open(folder, { arms: [MAR], network })).close();
    expect(network.seen).toBe(2);
  });

  test('says how many pictures a larger number to keep came too late for', async () => {
    const folder = await temporaryFolder();
    const first = await open(folder);
    await first.save(identityOf(MAR), [drawn(0), drawn(1), drawn(2), drawn(3)]);
    expect(first.notKept(9)).toBe(0);
    await first.close();
    const second = await open(folder, { keep: 9 });
    await second.save(identityOf(MAR), [drawn(4)]);
    expect([second.notKept(9), second.notKept(3), second.notKept(2)]).toEqual([2, 1, 0]);
    await second.close();
  });

  test('that was claimed and not drawn into is free for another evaluation', async () => {
    const folder = await temporaryFolder();
    await (await open(folder)).close();
    const other = { identity: { ...IDENTITY, seed: 2 } };
    const second = await open(folder, other);
    // Where a process is about to draw, the folder is taken.
    await expect(open(folder)).rejects.toThrow('seed: 2 → 1');
    await second.save(identityOf(MAR), [drawn(0)]);
    await second.close();
    await expect(open(folder)).rejects.toThrow(EvaluationFolderError);
    await (await open(folder, other)).close();
  });

  test('is not claimed for arms of which two are one', async () => {
    const folder = await temporaryFolder();
    await expect(open(folder, { arms: [MAR, arm('mar', 'again')] })).rejects.toThrow(
      'mar and again are the same way to sample',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('that another process draws in is refused, until that has ended', async () => {
    const folder = await temporaryFolder();
    await (await open(folder)).close();
    const [key] = await readdir(join(folder, 'arms'));
    const lock = join(folder, 'arms', key!, 'lock');
    await writeFile(lock, `${process.ppid}`);
    await expect(open(folder)).rejects.toThrow(`is being drawn by process ${process.ppid}`);
    await writeFile(lock, '99999999');
    await (await open(folder)).close();
    expect(await readdir(join(folder, 'arms', key!))).not.toContain('lock');
  });
});
