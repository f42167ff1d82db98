import { type Classes, classesOf, classNameOf, type Manifest } from '@tessera/format';

/** What the views know of a model before and after it is loaded. */
export interface ModelFacts {
  /** The manifest's name. */
  readonly name: string;
  readonly classes: Classes;
  readonly grid: { readonly height: number; readonly width: number };
  /** Pixels of a picture. */
  readonly imageSize: { readonly height: number; readonly width: number };
}

export function factsOf(manifest: Manifest): ModelFacts {
  const { name, grid, latents } = manifest;
  const pixels = latents.patchSize * latents.stride;
  return {
    name,
    classes: classesOf(manifest),
    grid: { height: grid.height, width: grid.width },
    imageSize: { height: grid.height * pixels, width: grid.width * pixels },
  };
}

/** A class's name, or its number where the model has no names. */
export const className = ({ classes }: ModelFacts, label: number): string => classNameOf(classes, label);

/** The embedded model, known before it is loaded; a test compares this with its manifest. */
export const EMBEDDED_FACTS: ModelFacts = {
  name: 'tiny',
  classes: {
    kind: 'class',
    count: 12,
    names: [
      ...['flower', 'butterfly', 'fish', 'mushroom', 'tree', 'house'],
      ...['cat', 'planet', 'balloon', 'cactus', 'sailboat', 'snowflake'],
    ],
  },
  grid: { height: 16, width: 16 },
  imageSize: { height: 64, width: 64 },
};
