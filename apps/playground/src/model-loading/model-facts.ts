import type { Manifest } from '@tessera/format';
import type { Condition } from '../settings/condition.js';

/** What the views know of a model before and after it is loaded. */
export interface ModelFacts extends Pick<Manifest, 'name' | 'condition'> {
  readonly grid: { readonly height: number; readonly width: number };
  /** Pixels of a picture. */
  readonly imageSize: { readonly height: number; readonly width: number };
}

export function factsOf(manifest: Manifest): ModelFacts {
  const { name, condition, grid, latents } = manifest;
  const pixels = latents.patchSize * latents.stride;
  return {
    name,
    condition,
    grid: { height: grid.height, width: grid.width },
    imageSize: { height: grid.height * pixels, width: grid.width * pixels },
  };
}

/** The embedded models, known before they are loaded; a test compares this with their manifests. */
export const EMBEDDED_FACTS: Readonly<Record<Condition['kind'], ModelFacts>> = {
  class: {
    name: 'tiny',
    condition: {
      kind: 'class',
      count: 12,
      names: [
        ...['flower', 'butterfly', 'fish', 'mushroom', 'tree', 'house'],
        ...['cat', 'planet', 'balloon', 'cactus', 'sailboat', 'snowflake'],
      ],
    },
    grid: { height: 16, width: 16 },
    imageSize: { height: 64, width: 64 },
  },
  text: {
    name: 'tessera-tiny-text',
    condition: {
      ...{ kind: 'text', length: 96, width: 192 },
      encoder: { tokenizer: 'tokenizer.json', padding: 0, tokens: 24 },
    },
    grid: { height: 8, width: 8 },
    imageSize: { height: 128, width: 128 },
  },
};
