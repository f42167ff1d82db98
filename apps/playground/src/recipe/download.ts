import { manifestHash, pictureAt, type Recipe } from '@tessera/recipe';
import type { LoadedModel } from '@tessera/runtime-web';
import { saveFile } from '../parts/save-file.js';
import type { PictureState } from '../run/picture-run.js';
import type { Settings } from '../settings/settings.js';
import { recipeOfPicture } from './recipe.js';

/** Saves a finished picture as a PNG file, its recipe inside unless its policy is one of the user's own. */
export async function downloadPicture(
  { finished, settings }: PictureState,
  model: LoadedModel,
): Promise<void> {
  if (!finished || !settings) return;
  const { pngBytes } = await import('@tessera/recipe/png');
  const { file } = pictureAt(model.manifest.condition, settings.classLabel);
  saveFile(file, 'image/png', pngBytes(finished.image, await recipeOfModel(settings, model)));
}

/** Saves the recipe of a picture, for `tessera generate --recipe`. */
export async function downloadRecipe({ settings }: PictureState, model: LoadedModel): Promise<void> {
  const recipe = settings && (await recipeOfModel(settings, model));
  if (recipe) saveFile('recipe.json', 'application/json', `${JSON.stringify(recipe, null, 2)}\n`);
}

async function recipeOfModel(
  settings: Settings,
  { manifest, device, dtype }: LoadedModel,
): Promise<Recipe | undefined> {
  const made = { device, dtype, versions: __VERSIONS__ };
  return recipeOfPicture({ manifest, sha256: await manifestHash(manifest), settings, made });
}
