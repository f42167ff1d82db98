import type { Recipe } from './recipe.js';

/** A picture that went into an edit. */
export interface EditSource {
  readonly file: string;
  /** Of the file. */
  readonly sha256: string;
}

/** What was painted. */
export type EditSubject =
  | { readonly classLabel: number; readonly className: string }
  | { readonly prompt: string; readonly negativePrompt?: string };

/** What an edited picture was made from. */
interface EditOrigin extends Pick<Recipe, 'model' | 'made' | 'seed' | 'sampling'> {
  readonly picture: EditSource;
  readonly mask?: EditSource;
  readonly growTokens: number;
  readonly exactMask: boolean;
}

export type EditParts = EditOrigin & EditSubject;

/** An edited picture's recipe, as plain data. */
export function editRecipeOf<Parts extends EditParts>(parts: Parts) {
  return { format: 'tessera-edit', version: 1, ...parts } as const;
}
