import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecipe, run } from '@tessera/cli';
import { modelFolder } from '@tessera/model-tiny';
import { parseManifest } from '@tessera/onnx';
import { manifestHash, parseRecipe } from '@tessera/recipe';
import { pngBytes } from '@tessera/recipe/png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../policies/shown-policies.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { recipeOfPicture } from './recipe.js';

const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
const sha256 = await manifestHash(manifest);
const made = { device: 'wasm', dtype: 'fp16', versions: { '@tessera/core': '0.1.0' } };

function recipe(name: (typeof POLICY_NAMES)[number]) {
  const settings = { ...DEFAULT_SETTINGS, policy: { kind: 'named' as const, name } };
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

  it('says the same of a picture as the command line does', async () => {
    const said: string[] = [];
    const stream = { isTTY: false, columns: 80, write: (text: string) => said.push(text) };
    const { classLabel, seed } = DEFAULT_SETTINGS;
    const code = await run(
      [
        ...['generate', '--class', `${classLabel}`, '--seed', `${seed}`, '--policy', 'gtr-16'],
        ...['--out', join(folder, 'one.png')],
      ],
      { stdout: stream, stderr: stream, env: {}, signal: new AbortController().signal },
    );
    expect(code, said.join('')).toBe(0);
    const { made: _, ...itsOwn } = await readRecipe(join(folder, 'one.png'));
    const { made: __, ...ours } = recipe('gtr-16')!;
    expect(ours).toEqual(itsOwn);
  });

  it('travels in the picture, where the command line finds it', async () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    await writeFile(join(folder, 'picture.png'), pngBytes(image, recipe('gtr-16')));
    expect(await readRecipe(join(folder, 'picture.png'))).toEqual(recipe('gtr-16'));
  });

  it('is not there for a policy of one’s own: it holds no code', () => {
    const settings = { ...DEFAULT_SETTINGS, policy: { kind: 'own' as const, source: 'export default 1' } };
    expect(recipeOfPicture({ manifest, sha256, settings, made })).toBeUndefined();
  });
});
