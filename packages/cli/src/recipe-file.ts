import { readFile } from 'node:fs/promises';
import { TesseraError } from '@tessera/core';
import { readPng } from '@tessera/evaluation-report/files';
import { decodeText, parseRecipe, type Recipe, RecipeError } from '@tessera/format';

/** Reads a recipe from `recipe.json`, or from a picture, which carries its own. */
export async function readRecipe(path: string): Promise<Recipe> {
  let json: string;
  try {
    json = /\.png$/i.test(path)
      ? ((await readPng(path)).recipe ?? '')
      : decodeText(await readFile(path), path);
  } catch (cause) {
    if (TesseraError.isInstance(cause)) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new RecipeError(`The recipe ${path} can't be read: ${words}`, { cause });
  }
  if (json === '') throw new RecipeError(`The picture ${path} carries no recipe.`);
  return parseRecipe(json, path);
}
