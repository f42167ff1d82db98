import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { changesSinceFirst, referenceText } from './first-evaluation.js';

const FIRST = {
  n: 240,
  margins: { frechet: null, kid: null },
  resamples: 1000,
  reference: '60 some, 0123456789ab',
};

test('nothing has changed in the first evaluation, nor in one that is set the same', async () => {
  const folder = await temporaryFolder();
  expect(await changesSinceFirst(folder, 'one', FIRST)).toEqual([]);
  expect(await changesSinceFirst(folder, 'one', FIRST)).toEqual([]);
});

test('what differs from the first evaluation is told however many came between', async () => {
  const folder = await temporaryFolder();
  await changesSinceFirst(folder, 'one', FIRST);
  const changed = { ...FIRST, n: 1200, margins: { frechet: 0.5, kid: null }, resamples: 5000 };
  for (let again = 0; again < 2; again++) {
    expect(await changesSinceFirst(folder, 'one', changed)).toEqual([
      'n: 240 → 1200',
      'margin in Fréchet distance: none → 0.5',
      'resamples: 1000 → 5000',
    ]);
  }
  expect(await changesSinceFirst(folder, 'one', FIRST)).toEqual([]);
});

test('each network has margins of its own', async () => {
  const folder = await temporaryFolder();
  await changesSinceFirst(folder, 'one', FIRST);
  expect(await changesSinceFirst(folder, 'other', { ...FIRST, margins: { frechet: 20, kid: 1 } })).toEqual(
    [],
  );
});

test('other real pictures are told, be it one of them or the class of one', async () => {
  const folder = await temporaryFolder();
  const real = { name: 'some', width: 1, features: Float32Array.of(1, 2, 3), labels: Int32Array.of(0, 0, 1) };
  const seen = (changes: Partial<typeof real>) => ({
    ...FIRST,
    reference: referenceText({ ...real, ...changes }),
  });
  await changesSinceFirst(folder, 'one', seen({}));
  expect(await changesSinceFirst(folder, 'one', seen({}))).toEqual([]);
  for (const changes of [
    { features: Float32Array.of(1, 2, 4) },
    { labels: Int32Array.of(0, 1, 1) },
    { name: 'others' },
  ]) {
    expect(await changesSinceFirst(folder, 'one', seen(changes))).toEqual([
      expect.stringMatching(/^real pictures: 3 some, [0-9a-f]{12} → 3 (some|others), [0-9a-f]{12}$/),
    ]);
  }
});

test('what an older record does not hold is not compared', async () => {
  const folder = await temporaryFolder();
  const { n, margins } = FIRST;
  await writeFile(join(folder, 'first-one.json'), JSON.stringify({ n, margins }));
  expect(await changesSinceFirst(folder, 'one', { ...FIRST, n: 300 })).toEqual(['n: 240 → 300']);
});

test('a record that can’t be read is an error, and is left as it is', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'first-one.json'), '{}');
  await expect(changesSinceFirst(folder, 'one', FIRST)).rejects.toMatchObject({ code: 'evaluation-folder' });
  expect(await readdir(folder)).toEqual(['first-one.json']);
});
