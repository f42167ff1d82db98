import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecipe, policyFrom as policyFromCli, policyNamed, readRecipe } from '@tessera/cli';
import { modelFolder } from '@tessera/model-tiny';
import { parseManifest } from '@tessera/onnx';
import { describe, expect, it } from 'vitest';
import { type NamedPolicy, namedPolicy, POLICY_NAMES } from '../policies/named-policies.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { manifestHash } from './manifest-hash.js';
import { pngFile } from './png-file.js';
import { recipeOf } from './recipe.js';

const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
const made = { device: 'wasm', dtype: 'fp16', versions: { '@tessera/core': '0.1.0' } };

async function recipe(name: (typeof POLICY_NAMES)[number]) {
  const settings = { ...DEFAULT_SETTINGS, policy: { kind: 'named' as const, name } };
  return recipeOf({
    manifest,
    sha256: await manifestHash(manifest),
    settings,
    policy: namedPolicy(name),
    made,
  });
}

describe('a recipe of the page', () => {
  it.each(POLICY_NAMES)(
    'is one that the command line takes, with the policy that it calls %s',
    async (name) => {
      const made = await recipe(name);
      expect(parseRecipe(JSON.stringify(made), 'test')).toEqual(made);
      const { description, maxTimestep } = policyNamed(name);
      expect(made.sampling.policy).toEqual(description);
      expect(made.sampling.sampler.maxTimestep).toBe(maxTimestep ?? 999);
      expect((namedPolicy(name) as NamedPolicy).maxTimestep).toBe(maxTimestep);
      expect(policyFromCli(description).name).toBeTruthy();
    },
  );

  it('travels in the picture, where the command line finds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-'));
    try {
      const written = await recipe('gtr-16');
      const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
      await writeFile(join(folder, 'picture.png'), pngFile(image, written));
      expect(await readRecipe(join(folder, 'picture.png'))).toEqual(written);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
