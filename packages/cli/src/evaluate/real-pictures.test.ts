import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import { expect, test } from 'vitest';
import { writePng } from '../png-file.js';
import { FAKE_MANIFEST } from '../testing/fake-loaded-model.js';
import { fakeNetwork } from '../testing/fake-network.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { realPictures } from './real-pictures.js';

const classes = FAKE_MANIFEST.condition;
const signal = new AbortController().signal;
const grey = (value: number): ImageRgb => ({ width: 1, height: 1, data: Uint8Array.of(value, value, value) });

test('a folder a class gives features and labels', async () => {
  const folder = await temporaryFolder();
  await writePng(join(folder, 'Vulpes vulpes', 'a.png'), grey(7));
  await writePng(join(folder, '0', 'b.png'), grey(5));
  const reference = await realPictures(folder, {
    loaded: { network: fakeNetwork(), key: 'one' },
    classes,
    cacheFolder: await temporaryFolder(),
    signal,
  });
  expect(reference).toMatchObject({
    width: 3,
    features: Float32Array.of(5, 5, 5, 7, 7, 7),
    labels: Int32Array.of(0, 1),
  });
});

test('a flat folder has no labels, and is seen once by a network', async () => {
  const folder = await temporaryFolder();
  for (const value of [1, 2, 3]) await writePng(join(folder, `${value}.png`), grey(value));
  const network = fakeNetwork();
  const options = { classes, cacheFolder: await temporaryFolder(), signal };
  const first = await realPictures(folder, { ...options, loaded: { network, key: 'one' } });
  const second = await realPictures(folder, { ...options, loaded: { network, key: 'one' } });
  expect(first.labels).toBeUndefined();
  expect([second, network.seen]).toEqual([first, 3]);
  await realPictures(folder, { ...options, loaded: { network, key: 'other' } });
  expect(network.seen).toBe(6);
});

test('a folder of no class, and one with nothing in it, are told', async () => {
  const folder = await temporaryFolder();
  const options = {
    loaded: { network: fakeNetwork(), key: 'one' },
    classes,
    cacheFolder: await temporaryFolder(),
    signal,
  };
  await expect(realPictures(folder, options)).rejects.toThrow('holds 0 PNG pictures');
  await writePng(join(folder, 'dog', '1.png'), grey(1));
  await expect(realPictures(folder, options)).rejects.toThrow('The folder dog');
});
