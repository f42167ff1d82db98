import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecipe, run } from '@tessera/cli';
import {
  adviceOf,
  manifestHash,
  parseManifest,
  parseRecipe,
  parseSpec,
  resolveSampling,
} from '@tessera/format';
import { pngBytes } from '@tessera/format/png';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../policies/shown-policies.js';
import { ADVISED, asPublished } from '../settings/settings.js';
import { recipeOfPicture } from './recipe.js';
import { recipeOfFile, settingsOfRecipe } from './settings-of-recipe.js';

const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
const sha256 = await manifestHash(manifest);
const settingsOfFile = async (file: File) => settingsOfRecipe(await recipeOfFile(file), manifest);
const made = { device: 'wasm', dtype: 'fp16', versions: { '@tessera/core': '0.1.0' } };

/** What the command line takes of the model where only a policy is given. */
const AS_PUBLISHED = { ...asPublished(ADVISED.class), temperature: 0.95, rounds: 1 };

function recipe(name: (typeof POLICY_NAMES)[number]) {
  const settings = { ...AS_PUBLISHED, policy: { kind: 'named' as const, name } };
  return recipeOfPicture({ manifest, sha256, settings, made });
}

describe('a recipe of the page', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each(POLICY_NAMES)('of the policy %s is one that the command line takes', (name) => {
    expect(parseRecipe(JSON.stringify(recipe(name)), 'test')).toEqual(recipe(name));
  });

  it.each([
    ['class', modelFolder],
    ['text', textModelFolder],
  ] as const)('of a %s samples as the model advises until something is changed', async (kind, folder) => {
    const manifest = parseManifest(await readFile(new URL('mar.json', folder), 'utf8'));
    const recipe = recipeOfPicture({ manifest, sha256, settings: ADVISED[kind], made })!;
    const { sampling } = manifest;
    const { guidance, ...advised } = resolveSampling(parseSpec(adviceOf(sampling)), sampling);
    expect(recipe.sampling).toMatchObject(advised);
    // The page has the model's schedule, which is none at a scale of 1.
    expect(recipe.sampling.guidance.scale).toBe(guidance.scale);
  });

  it('says the same of a picture as the command line does', async () => {
    const said: string[] = [];
    const stream = { isTTY: false, columns: 80, write: (text: string) => said.push(text) };
    const { seed } = ADVISED.class;
    const code = await run(
      [
        ...['generate', '--class', 'mushroom', '--seed', `${seed}`, '--policy', 'gtr-16', '--guidance', '1'],
        ...['--out', join(folder, 'one.png')],
      ],
      { stdout: stream, stderr: stream, env: {}, signal: new AbortController().signal },
    );
    expect(code, said.join('')).toBe(0);
    const { made: _, ...itsOwn } = await readRecipe(join(folder, 'one.png'));
    const { made: __, ...ours } = recipe('gtr-16')!;
    expect(ours).toEqual(itsOwn);

    const file = new File([await readFile(join(folder, 'one.png'))], 'one.png');
    expect(await settingsOfFile(file)).toEqual({
      ...AS_PUBLISHED,
      policy: { kind: 'named', name: 'gtr-16' },
    });
  });

  it('travels in the picture, where the command line finds it', async () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    await writeFile(join(folder, 'picture.png'), pngBytes(image, recipe('gtr-16')));
    expect(await readRecipe(join(folder, 'picture.png'))).toEqual(recipe('gtr-16'));
  });

  it('is not there for a policy of one’s own: it holds no code', () => {
    const settings = { ...ADVISED.class, policy: { kind: 'own' as const, source: 'export default 1' } };
    expect(recipeOfPicture({ manifest, sha256, settings, made })).toBeUndefined();
  });
});

describe('a recipe that is opened in the page', () => {
  it.each(POLICY_NAMES)('of the policy %s brings back the settings that it was made from', async (name) => {
    const settings = {
      condition: { kind: 'class' as const, classLabel: 11 },
      seed: 4_000_000_000,
      policy: { kind: 'named' as const, name },
      guidance: 4.5,
      temperature: 0.91,
      sampler: 'dpm' as const,
      redrawn: 0.25,
      rounds: 3,
    };
    const written = JSON.stringify(recipeOfPicture({ manifest, sha256, settings, made }));
    expect(await settingsOfFile(new File([written], 'recipe.json'))).toEqual(settings);
  });

  it('that redraws tokens twice goes on to do so', async () => {
    const settings = { ...ADVISED.class, redrawn: 0.15, rounds: 2 };
    const written = recipeOfPicture({ manifest, sha256, settings, made })!;
    expect(written.sampling.corrector).toMatchObject({ share: 0.15, rounds: 2 });
    expect(await settingsOfRecipe(written, manifest)).toEqual(settings);
  });

  it('of a prompt brings back the prompt, and what guidance leads away from', async () => {
    const text = parseManifest(await readFile(new URL('mar.json', textModelFolder), 'utf8'));
    const condition = { kind: 'text' as const, prompt: 'two foxes', negativePrompt: 'snow' };
    const settings = { ...ADVISED.text, condition };
    const written = recipeOfPicture({ manifest: text, sha256: await manifestHash(text), settings, made })!;
    expect(await settingsOfRecipe(written, text)).toEqual(settings);
    const second = { ...written, images: [{ ...written.images[0]!, index: 1 }] };
    await expect(settingsOfRecipe(second, text)).rejects.toThrow(/picture 1 of its seed/);
  });

  it('is refused, with what it is about, where the page can’t be set to it', async () => {
    const plain = recipe('gtr-16')!;
    const { sampling } = plain;
    const refused = (other: Partial<typeof plain>) => settingsOfRecipe({ ...plain, ...other }, manifest);
    await expect(refused({ seed: 2 ** 40 })).rejects.toThrow('seed: 1099511627776');
    await expect(refused({ model: { ...plain.model, sha256: 'f'.repeat(64) } })).rejects.toThrow(
      'model.sha256',
    );
    await expect(refused({ sampling: { ...sampling, temperature: 3 } })).rejects.toThrow('temperature: 3');
    await expect(
      refused({ sampling: resolveSampling(parseSpec('mar:32x50/sampler=ddim'), manifest.sampling) }),
    ).rejects.toThrow('sampling.sampler.name: "ddim"');
    const set = await refused({ sampling: resolveSampling(parseSpec('mar:32x50'), manifest.sampling) });
    expect(set.policy).toEqual({ kind: 'named', name: 'mar', steps: 32, diffusionSteps: 50 });
    const advised = resolveSampling(parseSpec(adviceOf(manifest.sampling)), manifest.sampling);
    expect(await refused({ sampling: advised })).toMatchObject({
      policy: { kind: 'named', name: 'gtr-gradual' },
      guidance: 1,
    });
    await expect(refused({ images: [{ ...plain.images[0]!, index: 37 }] })).rejects.toThrow('picture 37');
    await expect(refused({ images: [] })).rejects.toMatchObject({ code: 'beyond-this-page' });
  });

  it('is missed where a file holds none', async () => {
    const png = pngBytes({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) });
    await expect(settingsOfFile(new File([png], 'plain.png'))).rejects.toMatchObject({
      code: 'recipe',
    });
    await expect(settingsOfFile(new File(['{}'], 'x.json'))).rejects.toMatchObject({
      code: 'recipe',
    });
    await expect(settingsOfFile(new File(['x'], 'x.png'))).rejects.toMatchObject({
      code: 'png-file',
    });
  });
});
