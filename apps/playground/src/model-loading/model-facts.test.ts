import { readFile } from 'node:fs/promises';
import { adviceOf, parseManifest, parseSpec, resolveSampling } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { expect, it } from 'vitest';
import { samplingConfig } from '../recipe/recipe.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { EMBEDDED_FACTS, factsOf } from './model-facts.js';

it('knows the embedded model’s classes, grid and advice before it is loaded', async () => {
  const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
  expect(factsOf(manifest)).toEqual(EMBEDDED_FACTS);
  const { policy } = DEFAULT_SETTINGS;
  if (policy.kind !== 'named') throw new Error('The page opens with a named policy.');
  const { guidance, ...opened } = samplingConfig({ ...DEFAULT_SETTINGS, policy }, manifest);
  const { guidance: _, ...advised } = resolveSampling(
    parseSpec(adviceOf(manifest.sampling)),
    manifest.sampling,
  );
  expect(opened).toEqual(advised);
  expect(guidance.scale).toBe(1);
});
