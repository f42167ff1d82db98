import { readFile } from 'node:fs/promises';
import { parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { expect, it } from 'vitest';
import { CLASS_NAMES, GRID } from './class-names.js';
import { DEFAULT_SETTINGS } from './settings/settings.js';

it('knows the embedded model’s classes, grid and advice before it is loaded', async () => {
  const { condition, grid, sampling } = parseManifest(
    await readFile(new URL('mar.json', modelFolder), 'utf8'),
  );
  expect(CLASS_NAMES).toEqual(condition.names);
  expect(grid).toMatchObject(GRID);
  expect(DEFAULT_SETTINGS).toMatchObject({
    guidance: sampling.guidance.scale,
    temperature: sampling.temperature,
  });
});
