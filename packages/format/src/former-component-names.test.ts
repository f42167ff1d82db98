import { readFile } from 'node:fs/promises';
import { modelFolder } from '@tessera/model-tiny';
import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest.js';
import { jsonHash, manifestHash } from './manifest-hash.js';
import { exampleManifest } from './testing/example-manifest.js';

/** What a folder said of its graphs before the transformer was called so. */
function manifestOfBefore() {
  const { variants, ...rest } = exampleManifest();
  const former = variants.map(({ components: { transformer, ...others }, ...variant }) => ({
    ...variant,
    components: { ...others, condition: transformer, 'condition-cached': transformer },
  }));
  return { ...rest, variants: former };
}

describe('a manifest of before', () => {
  it('is read with the graphs under the names of today, whatever their files are called', () => {
    const { transformer } = exampleManifest().variants[0]!.components;
    const [variant] = parseManifest(JSON.stringify(manifestOfBefore())).variants;
    expect(variant!.components.transformer).toEqual(transformer);
    expect(variant!.components['transformer-cached']).toEqual(transformer);
    expect(Object.keys(variant!.components)).not.toContain('condition');
  });

  it('has the hash that recipes of before name', async () => {
    const { advice: _, ...sampling } = manifestOfBefore().sampling;
    const before = await jsonHash({ ...manifestOfBefore(), sampling });
    expect(await manifestHash(parseManifest(JSON.stringify(manifestOfBefore())))).toBe(before);
  });

  it('of the embedded model has its hash still', async () => {
    const json = await readFile(new URL('mar.json', modelFolder), 'utf8');
    expect(json).toContain('"condition":');
    const written = JSON.parse(json);
    delete written.sampling.advice;
    expect(await manifestHash(parseManifest(json))).toBe(await jsonHash(written));
  });

  it('may not name a graph twice', () => {
    const { variants, ...rest } = manifestOfBefore();
    const { transformer } = exampleManifest().variants[0]!.components;
    const both = variants.map((variant) => ({
      ...variant,
      components: { ...variant.components, transformer },
    }));
    expect(() => parseManifest(JSON.stringify({ ...rest, variants: both }))).toThrow(
      /components\.condition: this version does not know it/,
    );
  });
});
