import { readFile } from 'node:fs/promises';
import { adviceOf, parseManifest, parseSpec, resolveSampling } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import { expect, it } from 'vitest';
import { EMBEDDED } from '../code-export/code-export.js';
import { samplingConfig } from '../recipe/recipe.js';
import { ADVISED } from '../settings/settings.js';
import { EMBEDDED_FACTS, factsOf } from './model-facts.js';

it.each([
  ['class', modelFolder],
  ['text', textModelFolder],
] as const)(
  'knows what the embedded model of %s takes, its grid and advice before it is loaded',
  async (kind, folder) => {
    const manifest = parseManifest(await readFile(new URL('mar.json', folder), 'utf8'));
    expect(factsOf(manifest)).toEqual(EMBEDDED_FACTS[kind]);
    const { guidance, temperature } = manifest.sampling;
    expect(EMBEDDED[kind].sampling).toEqual({ guidance, temperature });
    const { policy } = ADVISED[kind];
    if (policy.kind !== 'named') throw new Error('The page opens with a named policy.');
    const opened = samplingConfig({ ...ADVISED[kind], policy }, manifest);
    const advised = resolveSampling(parseSpec(adviceOf(manifest.sampling)), manifest.sampling);
    // At scale 1 all schedules are none.
    const unguided = { ...opened, guidance: advised.guidance };
    expect(opened.guidance.scale === 1 ? unguided : opened).toEqual(advised);
    expect(opened.guidance.scale).toBe(ADVISED[kind].guidance);
  },
);
