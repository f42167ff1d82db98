import { readFile } from 'node:fs/promises';
import { parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { EMBEDDED_FACTS, factsOf } from './model-facts.js';

it('knows the embedded model’s classes, grid and advice before it is loaded', async () => {
  const manifest = parseManifest(await readFile(new URL('mar.json', modelFolder), 'utf8'));
  expect(factsOf(manifest)).toEqual(EMBEDDED_FACTS);
  expect(DEFAULT_SETTINGS).toMatchObject({
    guidance: manifest.sampling.guidance.scale,
    temperature: manifest.sampling.temperature,
  });
});
