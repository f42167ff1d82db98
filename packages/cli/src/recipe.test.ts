import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canvas } from './canvas.js';
import { pictureAt } from './pictures.js';
import { writePng } from './png-file.js';
import { policyNamed } from './policy-names.js';
import { differences, manifestHash, parseRecipe, readRecipe, recipeOf } from './recipe.js';
import { samplingOf } from './sampling-options.js';
import { FAKE_MANIFEST } from './testing/fake-loaded-model.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const recipe = recipeOf({
  model: { name: 'fake', location: 'embedded', sha256: manifestHash(FAKE_MANIFEST) },
  seed: 7,
  sampling: samplingOf(policyNamed('gtr-32'), { sampler: 'ancestral' }, FAKE_MANIFEST),
  made: { device: 'cpu', dtype: 'fp32', versions: { tessera: '1.2.3' } },
  pictures: [pictureAt(FAKE_MANIFEST.condition, 4)],
});

describe('a recipe', () => {
  test('comes back from JSON and from a picture that carries it', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'recipe.json'), JSON.stringify(recipe));
    await writePng(join(folder, 'a.png'), canvas(2, 2, [1, 2, 3]), recipe);
    expect(await readRecipe(join(folder, 'recipe.json'))).toEqual(recipe);
    expect(await readRecipe(join(folder, 'a.png'))).toEqual(recipe);
  });

  test('differs in what changes pictures, and says in what', () => {
    const other = {
      ...recipe,
      seed: 8,
      made: { ...recipe.made, device: 'cuda' },
      images: [],
      sampling: samplingOf(policyNamed('gtr-16'), { sampler: 'ancestral', temperature: 1 }, FAKE_MANIFEST),
    };
    expect(differences(recipe, other)).toEqual([
      'seed: 7 → 8',
      'sampling.policy.steps: [24,6,2] → [12,3,1]',
      'sampling.temperature: 0.8 → 1',
    ]);
    expect(differences(recipe, { ...recipe, images: [], made: other.made })).toEqual([]);
  });

  test.each([
    ['no JSON', '{'],
    ['another file', '{"format":"other"}'],
    ['a later version', JSON.stringify({ ...recipe, version: 2 })],
    [
      'a broken one',
      JSON.stringify({ ...recipe, sampling: { ...recipe.sampling, policy: { order: 'spiral' } } }),
    ],
    ['one with more than it should have', JSON.stringify({ ...recipe, more: 1 })],
  ])('is refused as %s', (_, json) => {
    expect(() => parseRecipe(json, 'x.json')).toThrow(/x\.json is (not )?a recipe/);
  });
});

test("a manifest's hash depends on what it says and not on the order of its keys", () => {
  const turned = Object.fromEntries(Object.entries(FAKE_MANIFEST).reverse()) as typeof FAKE_MANIFEST;
  expect(manifestHash(turned)).toBe(manifestHash(FAKE_MANIFEST));
  expect(manifestHash({ ...FAKE_MANIFEST, headDepth: 2 })).not.toBe(manifestHash(FAKE_MANIFEST));
});

test('the embedded advice of a model is taken unless the flags say otherwise', () => {
  const flags = {
    sampler: 'dpm',
    guidance: 2,
    guidanceSchedule: 'interval',
    guidanceInterval: '0.1,0.6',
  } as const;
  expect(samplingOf(policyNamed('mar'), flags, FAKE_MANIFEST)).toMatchObject({
    guidance: { schedule: 'interval', scale: 2, above: 0.1, upTo: 0.6 },
    temperature: 0.8,
    clamp: 5,
    sampler: { name: 'dpm' },
  });
  expect(samplingOf(policyNamed('disa'), { sampler: 'ancestral' }, FAKE_MANIFEST)).toMatchObject({
    guidance: { schedule: 'linear', scale: 3 },
    sampler: { name: 'ancestral', maxTimestep: 950 },
  });
  for (const guidanceInterval of ['0.6,0.1', 'x', '0.5', '0,2']) {
    expect(() => samplingOf(policyNamed('mar'), { ...flags, guidanceInterval }, FAKE_MANIFEST)).toThrow(
      /--guidance-interval/,
    );
  }
});
