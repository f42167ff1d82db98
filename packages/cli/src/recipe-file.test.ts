import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canvas } from '@tessera/evaluation-report/display';
import { writePng } from '@tessera/evaluation-report/files';
import { classesOf, manifestHash, parseSpec, pictureAt, recipeOf, resolveSampling } from '@tessera/format';
import { expect, test } from 'vitest';
import { FAKE_MANIFEST } from '../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../evaluation-report/src/testing/temporary-folder.js';
import { readRecipe } from './recipe-file.js';
import { samplingChoice } from './sampling-options.js';

const recipe = recipeOf({
  model: { name: 'fake', location: 'embedded', sha256: await manifestHash(FAKE_MANIFEST) },
  seed: 7,
  sampling: resolveSampling(parseSpec('gtr-32'), FAKE_MANIFEST.sampling),
  made: { device: 'cpu', dtype: 'fp32', versions: { tessera: '1.2.3' } },
  pictures: [pictureAt(classesOf(FAKE_MANIFEST), 4)],
});

test('a recipe comes back from JSON and from a picture that carries it', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'recipe.json'), JSON.stringify(recipe));
  await writePng(join(folder, 'a.png'), canvas(2, 2, [1, 2, 3]), recipe);
  expect(await readRecipe(join(folder, 'recipe.json'))).toEqual(recipe);
  expect(await readRecipe(join(folder, 'a.png'))).toEqual(recipe);
});

test('a file that is missing, and a picture without a recipe, are said to be so', async () => {
  const folder = await temporaryFolder();
  await writePng(join(folder, 'plain.png'), canvas(2, 2, [1, 2, 3]));
  await writeFile(join(folder, 'edit.json'), JSON.stringify({ format: 'tessera-edit' }));
  for (const [name, code, words] of [
    ['plain.png', 'recipe', 'carries no recipe'],
    ['none.json', 'usage', 'there is no such file. Check the path'],
    ['none.png', 'usage', 'there is no such file. Check the path'],
    ['', 'usage', 'it is a folder'],
    ['edit.json', 'recipe', 'Repeat it by tessera edit'],
  ] as const) {
    await expect(readRecipe(join(folder, name))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  }
});

test('the advice of a model is taken unless the flags say otherwise, and these unless the text does', () => {
  const flags = {
    sampler: 'dpm',
    guidance: '2',
    guidanceSchedule: 'interval',
    guidanceInterval: '0.1,0.6',
  } as const;
  const sampled = (text: string) => samplingChoice(flags, text)(FAKE_MANIFEST.sampling);
  expect(sampled('mar')).toMatchObject({
    guidance: { schedule: 'interval', scale: 2, above: 0.1, upTo: 0.6 },
    temperature: 0.8,
    clamp: 5,
    sampler: { name: 'dpm' },
  });
  expect(sampled('mar/guidance=constant/sampler=ddim')).toMatchObject({
    guidance: { schedule: 'constant', scale: 2 },
    sampler: { name: 'ddim', maxTimestep: 950 },
  });
  for (const guidanceInterval of ['0.6,0.1', 'x', '0.5', '0,2']) {
    expect(() => samplingChoice({ ...flags, guidanceInterval })).toThrow(/--guidance-interval/);
  }
});
