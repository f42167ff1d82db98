import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { FeatureNetwork } from '@tessera/evaluate';
import { classesOf } from '@tessera/format';
import { describe, expect, test } from 'vitest';
import { writePng } from './files/png-file.js';
import { type RealPicturesOptions, realPictures } from './real-pictures.js';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';
import { fakeNetwork } from './testing/fake-network.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const classes = classesOf(FAKE_MANIFEST);
/** A class of the fake model by its number, its name, or a part of it. */
const labelOf = (folder: string): number | undefined =>
  [0, 1, 2].find((label) => folder === `${label}` || classes.names![label]!.split(', ').includes(folder));
const signal = new AbortController().signal;
const grey = (value: number): ImageRgb => ({ width: 1, height: 1, data: Uint8Array.of(value, value, value) });

/** With a cache of their own. */
async function freshOptions(network: FeatureNetwork = fakeNetwork()): Promise<RealPicturesOptions> {
  return { loaded: { network, key: 'one' }, classes, labelOf, cacheFolder: await temporaryFolder(), signal };
}

test('a folder a class gives features and labels', async () => {
  const folder = await temporaryFolder();
  await writePng(join(folder, 'Vulpes vulpes', 'a.png'), grey(7));
  await writePng(join(folder, '0', 'b.png'), grey(5));
  await writePng(join(folder, 'café', 'c.png'), grey(9));
  const reference = await realPictures(folder, await freshOptions());
  expect(reference).toMatchObject({
    width: 3,
    features: Float32Array.of(5, 5, 5, 7, 7, 7, 9, 9, 9),
    labels: Int32Array.of(0, 1, 2),
  });
});

describe('what a network takes real pictures for', () => {
  /** Sees class and damage in the shade. */
  const network = {
    ...fakeNetwork(),
    damageNames: ['none', 'blur'],
    extract: async (images: readonly ImageRgb[]) => ({
      ...(await fakeNetwork().extract(images)),
      classes: Int32Array.from(images, ({ data }) => data[0]! % 3),
      damages: Int32Array.from(images, ({ data }) => (data[0]! > 8 ? 1 : 0)),
    }),
  };

  test('stands beside what it takes a variant’s for, and is kept', async () => {
    const folder = await temporaryFolder();
    for (const [name, value] of [
      ['cat', 6],
      ['red fox', 7],
      ['café', 9],
    ] as const) {
      await writePng(join(folder, name, `${value}.png`), grey(value));
    }
    const options = await freshOptions(network);
    const first = await realPictures(folder, options);
    expect(first).toMatchObject({ classAccuracy: 2 / 3, damages: { none: 2 / 3, blur: 1 / 3 } });
    expect(await realPictures(folder, options)).toEqual(first);
  });

  test('is told of their damage alone where nobody says what they show', async () => {
    const folder = await temporaryFolder();
    for (const value of [8, 9]) await writePng(join(folder, `${value}.png`), grey(value));
    const reference = await realPictures(folder, await freshOptions(network));
    expect(reference.damages).toEqual({ none: 0.5, blur: 0.5 });
    expect(reference).not.toHaveProperty('classAccuracy');
  });
});

test('a class’s folder may be a link', async () => {
  const [folder, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
  for (const name of ['cat', 'red fox']) await writePng(join(folder, name, '1.png'), grey(1));
  await writePng(join(elsewhere, '2.png'), grey(2));
  await symlink(elsewhere, join(folder, 'café'));
  const { labels } = await realPictures(folder, await freshOptions());
  expect(labels).toEqual(Int32Array.of(2, 0, 1));
});

test('of unequal classes, equally many are taken, and what is left out is told', async () => {
  const folder = await temporaryFolder();
  for (const [name, value] of [
    ['cat', 1],
    ['cat', 2],
    ['cat', 3],
    ['1', 4],
    ['red fox', 5],
    ['café', 6],
    ['café', 7],
  ] as const) {
    await writePng(join(folder, name, `${value}.png`), grey(value));
  }
  await writeFile(join(folder, 'cat', '4.JPEG'), '');
  await writeFile(join(folder, 'cat', '.DS_Store'), '');
  await mkdir(join(folder, '.cache'));
  const notes: string[] = [];
  const options = { ...(await freshOptions()), onNote: (line: string) => notes.push(line) };
  const { labels, features } = await realPictures(folder, options);
  expect(labels).toEqual(Int32Array.of(1, 2, 2, 0, 0, 1));
  expect([...features].filter((_, i) => i % 3 === 0)).toEqual([4, 6, 7, 1, 2, 5]);
  expect(notes).toEqual([
    `Of the 7 real pictures in ${folder}, 6 are taken, 2 of each class: generated ones are of all classes in equal parts.`,
    `1 file in ${folder} is no PNG and is ignored.`,
  ]);
});

test('a folder of JPEGs is told to be one', async () => {
  const folder = await temporaryFolder();
  for (const name of ['1.jpg', '2.jpg']) await writeFile(join(folder, name), '');
  await expect(realPictures(folder, await freshOptions())).rejects.toThrow('2 files in');
  const classed = await temporaryFolder();
  await mkdir(join(classed, 'cat'));
  await writeFile(join(classed, 'cat', '1.jpg'), '');
  await expect(realPictures(classed, await freshOptions())).rejects.toThrow(/1 file in .* is no PNG/);
});

test('a picture that is cut off is told by its name', async () => {
  const folder = await temporaryFolder();
  for (const value of [1, 2]) await writePng(join(folder, `${value}.png`), grey(value));
  const path = join(folder, '2.png');
  await writeFile(path, (await readFile(path)).subarray(0, 40));
  await expect(realPictures(folder, await freshOptions())).rejects.toMatchObject({
    code: 'png-file',
    message: expect.stringContaining(path),
  });
});

test('a stop, and a file that is damaged, cost no more than the batch that they fall in', async () => {
  const folder = await temporaryFolder();
  for (let value = 0; value < 100; value++) {
    await writePng(join(folder, `${String(value).padStart(3, '0')}.png`), grey(value));
  }
  const last = join(folder, '099.png');
  const whole = await readFile(last);
  await writeFile(last, whole.subarray(0, 40));
  const network = fakeNetwork();
  const options = await freshOptions(network);
  const controller = new AbortController();
  const stopped = {
    ...options,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  };
  await expect(realPictures(folder, stopped)).rejects.toThrow('enough');
  expect(network.seen).toBe(48);
  await expect(realPictures(folder, options)).rejects.toMatchObject({ code: 'png-file' });
  expect(network.seen).toBe(96);
  await writeFile(last, whole);
  const { features } = await realPictures(folder, options);
  expect(network.seen).toBe(100);
  expect([...features].filter((_, i) => i % 3 === 0)).toEqual([...Array(100).keys()]);
});

test('files of another kind are told before any picture is seen, all together', async () => {
  const folder = await temporaryFolder();
  for (const name of ['a', 'b']) await writePng(join(folder, `${name}.png`), grey(1));
  await writeFile(join(folder, 'c.png'), 'no picture');
  const transparent = await readFile(join(folder, 'a.png'));
  // The colour type: RGB with alpha.
  transparent[25] = 6;
  await writeFile(join(folder, 'd.png'), transparent);
  const network = fakeNetwork();
  await expect(realPictures(folder, await freshOptions(network))).rejects.toMatchObject({
    code: 'evaluation-request',
    message: expect.stringMatching(
      /^2 of the real pictures are no 8-bit RGB PNGs: .*c\.png, .*d\.png\. Save/,
    ),
  });
  expect(network.seen).toBe(0);
});

test('a picture that is new is seen alone', async () => {
  const folder = await temporaryFolder();
  for (const value of [1, 3]) await writePng(join(folder, `${value}.png`), grey(value));
  const network = fakeNetwork();
  const options = await freshOptions(network);
  await realPictures(folder, options);
  await writePng(join(folder, '2.png'), grey(2));
  const { features } = await realPictures(folder, options);
  expect([[...features].filter((_, i) => i % 3 === 0), network.seen]).toEqual([[1, 2, 3], 3]);
});

test('pictures beside the folders of classes, and classes without any, are told', async () => {
  const folder = await temporaryFolder();
  const options = await freshOptions();
  for (const name of ['1', '2']) await writePng(join(folder, 'cat', `${name}.png`), grey(1));
  await expect(realPictures(folder, options)).rejects.toMatchObject({
    code: 'evaluation-request',
    message: expect.stringContaining('holds no pictures of red fox, Vulpes vulpes; café.'),
  });
  await writePng(join(folder, '3.png'), grey(3));
  await expect(realPictures(folder, options)).rejects.toMatchObject({
    code: 'evaluation-request',
    message: expect.stringContaining('holds 1 PNG pictures beside folders'),
  });
});

test('a flat folder has no labels, and is seen once by a network', async () => {
  const folder = await temporaryFolder();
  for (const value of [1, 2, 3]) await writePng(join(folder, `${value}.png`), grey(value));
  const network = fakeNetwork();
  const options = await freshOptions(network);
  const first = await realPictures(folder, options);
  const second = await realPictures(folder, options);
  expect(first.labels).toBeUndefined();
  expect([second, network.seen]).toEqual([first, 3]);
  await realPictures(folder, { ...options, loaded: { network, key: 'other' } });
  expect(network.seen).toBe(6);
});

test('a folder of no class, and one with nothing in it, are told', async () => {
  const folder = await temporaryFolder();
  const options = await freshOptions();
  await expect(realPictures(folder, options)).rejects.toThrow('holds 0 PNG pictures');
  await writePng(join(folder, 'dog', '1.png'), grey(1));
  await expect(realPictures(folder, options)).rejects.toThrow('The folder dog');
});
