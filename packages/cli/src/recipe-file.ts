import { parseRecipe, type Recipe, RecipeError } from '@tessera/format';
import { readPngBytes } from '@tessera/format/png';
import { readBytes, readText } from './input-file.js';

/** Reads a recipe from `recipe.json`, or from a picture, which carries its own. */
export async function readRecipe(path: string): Promise<Recipe> {
  const json = /\.png$/i.test(path) ? readPngBytes(await readBytes(path), path).recipe : await readText(path);
  if (json === undefined) throw new RecipeError(`The picture ${path} carries no recipe.`);
  if (/"format":\s*"tessera-edit"/.test(json)) {
    throw new RecipeError(
      `${path} records an edit. Repeat it by tessera edit, with the picture and mask that it names.`,
    );
  }
  return parseRecipe(json, path);
}
