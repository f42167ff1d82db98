import { TesseraError } from '@tessera/core';
import { readPng } from '@tessera/evaluation-report/files';
import { parseRecipe, type Recipe, RecipeError } from '@tessera/format';
import { readFailure, readText } from './input-file.js';

/** Reads a recipe from `recipe.json`, or from a picture, which carries its own. */
export async function readRecipe(path: string): Promise<Recipe> {
  let json: string;
  try {
    json = /\.png$/i.test(path) ? ((await readPng(path)).recipe ?? '') : await readText(path);
  } catch (cause) {
    if (TesseraError.isInstance(cause)) throw cause;
    throw new RecipeError(`The recipe ${path} can't be read: ${readFailure(cause)}. Check the path.`, {
      cause,
    });
  }
  if (json === '') throw new RecipeError(`The picture ${path} carries no recipe.`);
  if (/"format":\s*"tessera-edit"/.test(json)) {
    throw new RecipeError(
      `${path} records an edit. Repeat it by tessera edit, with the picture and mask that it names.`,
    );
  }
  return parseRecipe(json, path);
}
