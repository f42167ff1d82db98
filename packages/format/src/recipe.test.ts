import { describe, expect, test } from 'vitest';
import { parseSpec } from './parse-spec.js';
import { parseRecipe, type Recipe, RecipeError, recipeOf } from './recipe.js';
import { differences } from './recipe-differences.js';
import { resolveSampling } from './resolve-sampling.js';

const ADVISED = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: 5 };

function recipe(text: string): Recipe {
  return recipeOf({
    model: { name: 'fake', location: 'embedded', sha256: '0'.repeat(64) },
    seed: 7,
    sampling: resolveSampling(parseSpec(text), ADVISED),
    made: { device: 'cpu', dtype: 'fp32', versions: { tessera: '1.2.3' } },
    pictures: [{ index: 4, classLabel: 1, className: 'red fox', file: '00004-red-fox.png' }],
  });
}

describe('a recipe', () => {
  test.each(['mar', 'halton', 'disa/sampler=ddim', 'gtr-32/fts=low'])(
    'of %s comes back from JSON',
    (text) => {
      expect(parseRecipe(JSON.stringify(recipe(text)), 'x.json')).toEqual(recipe(text));
    },
  );

  test('differs in what changes pictures, and says in what', () => {
    const other = { ...recipe('gtr-16/temperature=1'), seed: 8 };
    expect(differences(recipe('gtr-32'), other)).toEqual([
      'seed: 7 → 8',
      'sampling.policy.steps: [24,6,2] → [12,3,1]',
      'sampling.temperature: 0.8 → 1',
    ]);
    const elsewhere = { ...other, images: [], made: { ...other.made, device: 'cuda' } };
    expect(differences(other, elsewhere)).toEqual([]);
  });

  test.each([
    ['no JSON', '{'],
    ['another file', '{"format":"other"}'],
    ['a later version', JSON.stringify({ ...recipe('mar'), version: 3 })],
    [
      'a broken one',
      JSON.stringify({
        ...recipe('mar'),
        sampling: { ...recipe('mar').sampling, policy: { order: 'spiral' } },
      }),
    ],
    ['one with more than it should have', JSON.stringify({ ...recipe('mar'), more: 1 })],
  ])('is refused as %s', (_, json) => {
    expect(() => parseRecipe(json, 'x.json')).toThrow(/x\.json is (not )?a recipe/);
  });
});

describe('a recipe with a number that nothing can be drawn with', () => {
  /** What is wrong with the recipe of `text` once `change` has been made to its sampling. */
  function problemsOf(text: string, change: (sampling: Recipe['sampling']) => object): string {
    const { sampling } = recipe(text);
    const json = JSON.stringify({ ...recipe(text), sampling: { ...sampling, ...change(sampling) } });
    try {
      parseRecipe(json, 'x.json');
    } catch (error) {
      return error instanceof RecipeError ? error.message : String(error);
    }
    return '';
  }

  test.each([
    ['mar/sampler=ddim', 'sampler.eta', { eta: 2 }],
    ['mar/sampler=dpm', 'sampler.minLogSnr', { minLogSnr: 5 }],
    ['mar/sampler=dpm-sde', 'sampler.minLogSnr', { minLogSnr: -11 }],
  ])('of %s is refused, and its %s named', (text, path, change) => {
    const message = problemsOf(text, ({ sampler }) => ({ sampler: { ...sampler, ...change } }));
    expect(message).toContain(`x.json is not a recipe:\n  - sampling.${path}: `);
  });

  test.each([
    ['gtr-16', 'steps', { steps: Array(40).fill(1) }],
    ['gtr-16', 'maxSteps', { maxSteps: 70_000 }],
    ['gtr-16', 'reconstructionSteps', { reconstructionSteps: 70_000 }],
    ['mar', 'diffusionSteps', { diffusionSteps: 70_000 }],
    ['disa', 'diffusionSteps', { diffusionSteps: { from: 70_000, to: 5, shape: 'linear' } }],
  ])('of %s is refused, and its %s named', (text, path, change) => {
    const message = problemsOf(text, ({ policy }) => ({ policy: { ...policy, ...change } }));
    expect(message).toContain(`x.json is not a recipe:\n  - sampling.policy.${path}`);
  });
});

test('a recipe of two pictures under one name is refused, and so is one with a clamp of no limits', () => {
  const [picture] = recipe('mar').images;
  const images = [picture, { ...picture, index: 7 }];
  expect(() => parseRecipe(JSON.stringify({ ...recipe('mar'), images }), 'x.json')).toThrow(
    'x.json is not a recipe:\n  - images: has two pictures under one name',
  );
  const sampling = { ...recipe('mar').sampling, clamp: [] };
  expect(() => parseRecipe(JSON.stringify({ ...recipe('mar'), sampling }), 'x.json')).toThrow(
    'x.json is not a recipe:\n  - sampling.clamp: ',
  );
});

describe('a recipe of version 1', () => {
  /** As version 1 wrote it: without what it did not know. */
  function ofVersion1(text: string): string {
    const now = recipe(text);
    const { policy } = now.sampling;
    const { counts: _, ...without } = { counts: undefined, ...policy };
    const old =
      policy.order === 'gtr' && policy.frequencyWeighted
        ? { ...without, frequencyWeighted: { ratio: 0.1, detailSteps: 50 } }
        : without;
    return JSON.stringify({ ...now, version: 1, sampling: { ...now.sampling, policy: old } });
  }

  test.each(['mar', 'raster', 'halton', 'disa', 'gtr-32', 'gtr-16-no-fts'])(
    'of %s is read as what it meant, and belongs to the same pictures',
    (text) => {
      expect(ofVersion1(text)).not.toContain('choose');
      expect(ofVersion1(text)).not.toContain('counts');
      expect(parseRecipe(ofVersion1(text), 'x.json')).toEqual(recipe(text));
      expect(differences(parseRecipe(ofVersion1(text), 'x.json'), recipe(text))).toEqual([]);
    },
  );
});

test.each([
  '../../x.png',
  '/x.png',
  'a/00001-b.png',
  '00001-b.png/../../c.png',
  'recipe.json',
  'C:00001-b.png',
  '',
])('a recipe whose picture is called %j is refused', (file) => {
  const [picture] = recipe('mar').images;
  const json = JSON.stringify({ ...recipe('mar'), images: [{ ...picture, file }] });
  expect(() => parseRecipe(json, 'x.json')).toThrow(
    /x\.json is not a recipe:\n {2}- images\.0\.file: must be a name such as/,
  );
});
